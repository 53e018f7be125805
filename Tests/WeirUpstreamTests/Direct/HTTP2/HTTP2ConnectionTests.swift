import NIOCore
import NIOEmbedded
import Testing

@testable import WeirUpstream

@Suite("A connection with HTTP/2")
struct HTTP2ConnectionTests {
  @Test("carries a request and brings its reply")
  func usual() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      #expect(try peer.frames().map(\.isEndOfStream) == [true])
      try peer.send(.head(1, [(":status", "200"), ("content-type", "text/plain"), ("x-a", "")]))
      #expect(asked.reply.status == 200 && asked.reply.fields == "content-type: text/plain\r\nx-a: \r\n")
      try peer.send(.data(1, "he"), .data(1, "llo", isEnd: true))
      #expect(asked.isOver && asked.reply.text == "hello" && asked.reply.failure == nil)
      #expect(asked.reply.reusedConnection == false && asked.reply.surplusCalls == 0)
      #expect(try peer.frames() == [], "of a stream that has ended nothing is said")
    }
  }

  @Test("carries many at once, and closes each batch once")
  func many() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let (first, second) = (try bench.ask(), try bench.ask())
      #expect(try peer.requests() == [1, 3])
      try peer.send(.head(3), .data(3, "b"), .head(1), .data(1, "a"), .data(3, "B"))
      #expect(first.reply.batches == 1 && second.reply.batches == 1)
      try peer.send(.data(3, "", isEnd: true), .data(1, "A", isEnd: true))
      #expect(first.reply.text == "aA" && second.reply.text == "bB")
      #expect(second.reply.reusedConnection == true)
    }
  }

  /// Not into single bytes: nghttp2 counts a CONTINUATION frame anew for each piece of its first nine bytes, and takes
  /// more than eight for an attack.
  @Test("however its bytes are cut", arguments: [2, 3, 5, 100])
  func cut(length: Int) throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      let split = Frame(type: Frame.headers, stream: 1, payload: Frame.block([(":status", "100")]))
      let frames: [Frame] = [
        split,
        Frame(type: Frame.continuation, flags: Frame.endHeaders, stream: 1, payload: Frame.block([("x-c", "d")])),
        .head(1, [(":status", "201"), ("x-b", String(repeating: "v", count: 300))]),
        Frame(type: 0xBE, stream: 1, payload: [1, 2]), .data(1, "body"), .data(1, ""),
        .head(1, [("x-trailer", "t")], flags: Frame.endHeaders | Frame.endStream),
      ]
      let bytes = frames.flatMap(\.bytes)
      for start in stride(from: 0, to: bytes.count, by: length) {
        try peer.send(bytes: Array(bytes[start..<min(start + length, bytes.count)]))
      }
      #expect(asked.isOver && asked.reply.status == 201 && asked.reply.text == "body")
      #expect(asked.reply.reason == nil)
      #expect(!asked.reply.fields.contains("trailer") && asked.reply.surplusCalls == 0)
    }
  }

  @Test("sends a body as far as the upstream lets it")
  func upload() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect([(4, 5)])
      let asked = try bench.ask("POST", .whole(ByteBuffer(string: "0123456789abc")))
      let begun = try peer.frames()
      #expect(begun.map(\.type) == [Frame.headers, Frame.data] && begun.last?.text == "01234")
      try peer.send(.windowUpdate(1, 3))
      #expect(try peer.frames().map(\.text) == ["567"])
      try peer.send(.windowUpdate(1, 100))
      let rest = try peer.frames()
      #expect(rest.map(\.text).joined() == "89abc" && rest.last?.isEndOfStream == true)
      try peer.send(.head(1, flags: Frame.endHeaders | Frame.endStream))
      #expect(asked.isOver && asked.reply.failure == nil)
    }
  }

  @Test("keeps for a held transfer what comes, and lets others go on")
  func held() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let (slow, other) = (try bench.ask(), try bench.ask())
      slow.recorder.onHead = { slow.transfer.hold() }
      try peer.send(.head(1), .data(1, "kept"), .head(3), .data(3, "other", isEnd: true))
      #expect(slow.reply.text == "" && other.isOver && other.reply.text == "other")
      try peer.send(.data(1, " too", isEnd: true))
      #expect(!slow.isOver && slow.reply.text == "")
      slow.transfer.release()
      bench.loop.run()
      #expect(slow.isOver && slow.reply.text == "kept too" && slow.reply.failure == nil)
    }
  }

  @Test("lets the upstream send a held reply no further than its window")
  func window() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      asked.recorder.onHead = { asked.transfer.hold() }
      try peer.send(.head(1))
      let part = String(repeating: "x", count: 16_384)
      for _ in 0..<16 { try peer.send(.data(1, part)) }
      #expect(try peer.frames().allSatisfy { $0.type != Frame.windowUpdate || $0.stream == 0 })
      try peer.send(.data(1, "y"))
      #expect(try peer.frames().contains { $0.type == Frame.goAway || $0.type == Frame.reset }, "one byte too many")
      #expect(asked.reply.text == "")
    }
  }

  @Test("says at once that nobody wants a reply any more")
  func cancelled() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let (left, other) = (try bench.ask(), try bench.ask())
      _ = try peer.frames()
      left.transfer.cancel()
      #expect(try peer.frames() == [.reset(1, 8)])
      try peer.send(.head(1), .data(1, "late"), .head(3), .data(3, "other", isEnd: true))
      #expect(left.reply.status == nil && other.reply.text == "other" && other.reply.failure == nil)
    }
  }
}

@Suite("Of a connection with HTTP/2 that fails")
struct HTTP2FailureTests {
  @Test("a stream that is refused is sent again, but not for ever")
  func refused() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask("POST", .whole(ByteBuffer(string: "body")))
      _ = try peer.frames()
      try peer.send(.reset(1, 7))
      let again = try peer.frames()
      #expect(again.map(\.stream) == [3, 3] && again.last?.text == "body")
      for stream in [Int32(3), 5, 7, 9, 11] { try peer.send(.reset(stream, 7)) }
      #expect(asked.isOver && asked.reply.failure == .closedBeforeReply)
      #expect(try peer.requests() == [5, 7, 9, 11])
    }
  }

  @Test("the streams that the upstream did not look at are sent again elsewhere, and the others finished")
  func goAway() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let (first, second) = (try bench.ask(), try bench.ask())
      #expect(try peer.requests() == [1, 3])
      let next = try bench.connect()
      try peer.send(.goAway(last: 1))
      #expect(try next.requests() == [1], "the second request")
      try next.send(.head(1), .data(1, "second", isEnd: true))
      try peer.send(.head(1), .data(1, "first", isEnd: true))
      #expect(first.reply.text == "first" && second.reply.text == "second")
      #expect(!peer.channel.isActive && next.channel.isActive)
    }
  }

  @Test(
    "a reset says what it was before the head and after",
    arguments: [(UInt32(8), "CANCEL"), (2, "INTERNAL_ERROR"), (0, "NO_ERROR")])
  func reset(code: UInt32, name: String) throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let (early, late) = (try bench.ask(), try bench.ask())
      try peer.send(.head(3), .reset(1, code), .data(3, "pa"), .reset(3, code))
      #expect(early.isOver && early.reply.failure == .closedBeforeReply)
      #expect(early.reply.reason?.contains(name) == true)
      #expect(late.isOver && late.reply.failure == .brokenReply && late.reply.text == "pa")
    }
  }

  @Test("requests on one that served before are sent again where it was cut, once")
  func cut() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let before = try bench.ask()
      try peer.send(.head(1, flags: Frame.endHeaders | Frame.endStream))
      #expect(before.isOver)
      let (waiting, begun) = (try bench.ask(), try bench.ask())
      try peer.send(.head(5))
      let next = try bench.connect()
      peer.channel.close(promise: nil)
      bench.loop.run()
      #expect(begun.reply.failure == .brokenReply)
      #expect(try next.requests() == [1])
      next.channel.close(promise: nil)
      bench.loop.run()
      #expect(waiting.reply.failure == .closedBeforeReply)
    }
  }

  @Test(
    "what is not HTTP is refused",
    arguments: [
      [Frame.head(1, [("x-a", "b")])], [.head(1, [(":status", "200"), (":status", "200")])],
      [.head(1, [(":status", "2x0")])], [.head(1, [(":status", "101")])],
      [.head(1, [(":status", "000")], flags: Frame.endHeaders | Frame.endStream)], [.head(1, [(":status", "099")])],
      [.head(1, [(":status", "200"), ("X-A", "b")])],
      [.head(1, [(":status", "200"), ("x-a", "b\r\nc: d")])], [.head(1, [(":status", "200"), ("connection", "x")])],
      [.head(1, [(":status", "200"), ("transfer-encoding", "chunked")])],
      [
        .head(
          1, [(":status", "200"), ("x-a", String(repeating: "a", count: 9_000))] + (0..<40).map { ("x-\($0)", "b") })
      ],
      [.data(1, "no head")],
      [Frame(type: Frame.headers, flags: Frame.endHeaders, stream: 1, payload: [0xFF, 0xFF, 0xFF])],
      [.data(7, "idle")], [Frame(type: Frame.windowUpdate, stream: 0, payload: Frame.number(0))],
      [Frame(type: Frame.settings, payload: [1])],
      [Frame(type: Frame.push, flags: 4, stream: 1, payload: [0, 0, 0, 2])],
    ])
  func garbled(frames: [Frame]) throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      for frame in frames { try peer.send(frame) }
      _ = try peer.frames()
      // The long head is within bounds.
      if frames.first?.payload.count ?? 0 > 9_000 {
        #expect(asked.reply.status == 200)
      } else {
        #expect(asked.isOver, "\(frames)")
        #expect(asked.reply.status == nil && [.protocolError, .closedBeforeReply].contains(asked.reply.failure))
      }
    }
  }

  @Test("a length that is wrong breaks the reply", arguments: ["3", "5"])
  func length(claimed: String) throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      try peer.send(.head(1, [(":status", "200"), ("content-length", claimed)]), .data(1, "four", isEnd: true))
      _ = try peer.frames()
      #expect(asked.isOver && asked.reply.failure == .brokenReply)
    }
  }

  @Test("one that says nothing until a request's time is over is left, and closed once it is idle")
  func silent() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask(firstByte: 1)
      let begun = try #require(asked.transfer.stream).begun
      bench.loop.advanceTime(by: .seconds(2))
      #expect(asked.isOver && asked.reply.failure == .firstByteTimeout)
      #expect(peer.connection.takesStreams, "whose client had little patience")
      let other = try bench.ask()
      peer.connection.suspect(since: begun, now: begun + 10_000_000_000)
      #expect(!peer.connection.takesStreams && peer.channel.isActive)
      other.transfer.cancel()
      bench.loop.run()
      #expect(!peer.channel.isActive)
    }
  }

  @Test("nothing that an upstream sends ends the process", arguments: 1...200)
  func noise(seed: Int) throws {
    var generator = SplitMix64(state: UInt64(seed))
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = [try bench.ask(), try bench.ask("POST", .whole(ByteBuffer(string: "body"))), try bench.ask()]
      for _ in 0..<40 where peer.channel.isActive {
        let type = UInt8.random(in: 0...10, using: &generator)
        let stream = Int32([0, 1, 3, 5, 2, 9].randomElement(using: &generator) ?? 0)
        var frame = Frame(type: type, flags: .random(in: 0...63, using: &generator), stream: stream)
        if type == Frame.headers, Bool.random(using: &generator) {
          frame = .head(stream, flags: Frame.endHeaders | (Bool.random(using: &generator) ? 1 : 0))
        } else {
          frame.payload = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
            .random(in: 0...255, using: &generator)
          }
        }
        try peer.send(frame)
        if let some = asked.randomElement(using: &generator) {
          switch Int.random(in: 0...5, using: &generator) {
          case 0: some.transfer.hold()
          case 1: some.transfer.release()
          case 2: some.transfer.cancel()
          default: break
          }
        }
        bench.loop.run()
      }
      for each in asked { #expect(each.reply.surplusCalls == 0) }
    }
  }
}
