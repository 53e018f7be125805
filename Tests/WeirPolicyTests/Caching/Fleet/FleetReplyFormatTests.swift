import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A reply in the fleet's store")
struct FleetReplyFormatTests {
  private typealias Sample = SampleFleetReplies
  private static let secrets: [[UInt8]?] = [nil, Sample.secret]

  private func value(_ format: FleetReplyFormat, of reply: StoredReply = SampleFleetReplies.made()) throws -> [UInt8] {
    try #require(format.encode(reply, for: key(1), timeToLiveSeconds: 300, nonce: Sample.nonce))
  }

  private func fault(
    _ bytes: [UInt8], _ format: FleetReplyFormat, for entry: CacheKey = key(1), remaining: Int64 = 1000
  ) -> FleetReplyFormat.Fault? {
    do throws(FleetReplyFormat.Fault) {
      _ = try format.decode(bytes, for: entry, remainingMilliseconds: remaining, now: 0)
      return nil
    } catch { return error }
  }

  @Test("comes back as it went, as old as the store's clock says", arguments: secrets)
  func back(secret: [UInt8]?) throws {
    let format = Sample.format(key: secret)
    let reply = Sample.made()
    let read = try format.decode(
      value(format, of: reply), for: key(1), remainingMilliseconds: 258_500, now: seconds(1000))
    var expected = reply.description
    expected.storedAt = seconds(1000) - 41_500_000_000
    #expect(read.reply.description == expected && read.timeToLiveSeconds == 300)
    #expect(read.reply.age(now: seconds(1000)) == 41)
    #expect(read.reply.head == reply.head && read.reply.body == reply.body)
  }

  @Test("says what was changed in it, in nothing but plain words", arguments: secrets)
  func edits(secret: [UInt8]?) throws {
    let format = Sample.format(key: secret)
    var description = Sample.made().description
    for edits in [["tool_calls"], ["server", "tool_calls"]] {
      description.edits = edits
      let reply = StoredReply(description, head: Sample.made().head, body: Array("{}".utf8))
      let read = try format.decode(value(format, of: reply), for: key(1), remainingMilliseconds: 1, now: 0)
      #expect(read.reply.description.edits == edits)
    }
    description.edits = ["ä"]
    let strange = StoredReply(description, head: Sample.made().head, body: Array("{}".utf8))
    #expect(fault(try value(format, of: strange), format) == .damaged)
    description.edits = ["a\r\nset-cookie: b"]
    let hostile = StoredReply(description, head: Sample.made().head, body: Array("{}".utf8))
    #expect(format.encode(hostile, for: key(1), timeToLiveSeconds: 300, nonce: Sample.nonce) == nil)
  }

  @Test("is never younger than now, whatever the store says of its time")
  func clocks() throws {
    let format = Sample.format()
    let read = try format.decode(value(format), for: key(1), remainingMilliseconds: .max, now: seconds(7))
    #expect(read.reply.description.storedAt == seconds(7))
    let early = try format.decode(value(format), for: key(1), remainingMilliseconds: 1, now: .min)
    #expect(early.reply.age(now: .min) == 0)
    #expect(fault(try value(format), format, remaining: 0) == .endless)
    #expect(fault(try value(format), format, remaining: -1) == .endless)
  }

  @Test("is held compressed, or not, as this process's settings have it")
  func compression() throws {
    let text = String(repeating: "data: {\"choices\":[]}\n\n", count: 500)
    let small = Sample.made(text).compressed()
    #expect(small.isHeldCompressed)
    for (compressFrom, isHeld) in [(0, false), (100, true), (1 << 19, false)] {
      let format = Sample.format(compressFrom: compressFrom)
      let read = try format.decode(value(format, of: small), for: key(1), remainingMilliseconds: 1000, now: 0)
      #expect(read.reply.isHeldCompressed == isHeld && read.reply.bodyBytes() == Array(text.utf8))
    }
  }

  @Test("keeps a body that the upstream coded as it is")
  func coded() throws {
    let format = Sample.format(compressFrom: 1)
    let read = try format.decode(
      value(format, of: Sample.made("\u{1}br", encoding: "br")), for: key(1), remainingMilliseconds: 1, now: 0)
    #expect(read.reply.description.contentEncoding == "br" && read.reply.body == Array("\u{1}br".utf8))
  }

  @Test("is not read when a byte of it is another", arguments: secrets)
  func damaged(secret: [UInt8]?) throws {
    let format = Sample.format(key: secret)
    let value = try value(format)
    for index in value.indices {
      for mask: UInt8 in [1, 128] {
        var changed = value
        changed[index] ^= mask
        #expect(fault(changed, format) != nil, "byte \(index)")
      }
    }
  }

  @Test("is not read when it is cut, or has more behind it", arguments: secrets)
  func truncated(secret: [UInt8]?) throws {
    let format = Sample.format(key: secret)
    let value = try value(format)
    for count in 0..<value.count { #expect(fault(Array(value.prefix(count)), format) != nil, "\(count) bytes") }
    #expect(fault(value + [0], format) == .damaged)
  }

  @Test("is not read under another key, so a moved value answers nobody", arguments: secrets)
  func moved(secret: [UInt8]?) throws {
    let format = Sample.format(key: secret)
    #expect(fault(try value(format), format, for: key(2)) == .damaged)
  }

  @Test("tells no more than its length when it is sealed")
  func sealed() throws {
    let clear = Sample.format()
    let format = Sample.format(key: Sample.secret)
    let (open, closed) = (try value(clear), try value(format))
    for text in ["kimi", "gen-1", "openrouter", "content-type", "ok"] {
      #expect(open.contains(text.utf8) && !closed.contains(text.utf8), "\(text)")
    }
    #expect(format.name(of: key(1)) != clear.name(of: key(1)))
    #expect(format.name(of: key(1)).utf8.count == 64 && format.name(of: key(1)) != format.name(of: key(2)))
  }

  @Test("is read only by who has the key")
  func keys() throws {
    let format = Sample.format(key: Sample.secret)
    let other = Sample.format(key: Array(repeating: 1, count: 32))
    #expect(fault(try value(format), other) == .otherKey)
    #expect(fault(try value(format), Sample.format()) == .otherSeal)
    #expect(fault(try value(Sample.format()), format) == .otherSeal)
    #expect(ReplySeal(key: []) == nil && ReplySeal(key: Array(repeating: 0, count: 31)) == nil)
  }

  @Test("is neither written nor read over the bounds")
  func bounds() throws {
    let large = Sample.made(String(repeating: "x", count: 5000))
    #expect(Sample.format(maximumBytes: 5000).encode(large, for: key(1), timeToLiveSeconds: 1, nonce: []) == nil)
    let value = try value(Sample.format(), of: large)
    #expect(fault(value, Sample.format(maximumBytes: 5000)) == .tooLarge)
    let bomb = Sample.made(String(repeating: "x", count: 2 << 20)).compressed()
    #expect(bomb.body.count < 10_000)
    #expect(fault(try self.value(Sample.format(), of: bomb), Sample.format()) == .tooLarge)
    for seconds in [0, -1, 86_401] {
      #expect(Sample.format().encode(large, for: key(1), timeToLiveSeconds: seconds, nonce: []) == nil)
    }
  }

  @Test("is not written where the cache would not keep it, or it could not be read again")
  func unfit() {
    func isWritten(_ reply: StoredReply) -> Bool { FleetReplyFormat.payload(of: reply) != nil }
    let good = Sample.made()
    #expect(isWritten(good))
    var failed = good.description
    failed.reading.finishReason = "error"
    #expect(!isWritten(StoredReply(failed, head: good.head, body: good.body)))
    var named = good.description
    named.model = "a\nb"
    #expect(!isWritten(StoredReply(named, head: good.head, body: good.body)))
    #expect(!isWritten(StoredReply(good.description, head: Array("no line".utf8), body: good.body)))
  }

  @Test("any payload is a reply that may go to a client, or is refused")
  func hostile() throws {
    let format = Sample.format()
    let payloads = [
      try #require(FleetReplyFormat.payload(of: Sample.made())),
      try #require(FleetReplyFormat.payload(of: Sample.made(String(repeating: "ab", count: 600)).compressed())),
    ]
    var random = SplitMix64(seed: 20_261_121)
    var taken = 0
    for round in 0..<20_000 {
      var payload = payloads[round % 2]
      for _ in 0...random.next() % 3 {
        let place = Int(random.next() % UInt64(payload.count))
        switch random.next() % 4 {
        case 0: payload[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: payload[place] ^= 1 << UInt8(random.next() % 8)
        case 2: payload.removeSubrange(place..<min(place + Int(random.next() % 9), payload.count))
        default: payload.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        }
        if payload.isEmpty { payload = [0] }
      }
      guard let reply = try? format.reply(payload[...], storedAt: 0) else { continue }
      taken += 1
      #expect(SafeHeadLines.areSafe(reply.head[...], contentEncoding: reply.description.contentEncoding))
      #expect(reply.bodyBytes()?.count == reply.bodyCount)
      #expect(FleetReplyFormat.payload(of: reply) != nil, "what is read can be written")
    }
    #expect(taken > 100, "the check sees replies at all")
  }
}

extension Collection where Element == UInt8 {
  fileprivate func contains(_ part: some Collection<UInt8>) -> Bool {
    var rest = self[...]
    while !rest.isEmpty {
      if rest.starts(with: part) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
