import Testing
import WeirWire

@Suite("Reply meter")
struct ReplyMeterTests {
  @Test("reads each API's stream")
  func streams() {
    for (endpoint, data, expected) in SampleReplies.streams { #expect(stream(endpoint, data) == expected) }
  }

  @Test("reads each API's plain reply")
  func plainReplies() {
    for (endpoint, text, expected) in SampleReplies.plain { #expect(plain(endpoint, text) == expected) }
  }

  @Test("any split of the same bytes gives the same reading")
  func splits() {
    var random = SeededGenerator(seed: 7)
    let json = JSONReader()
    for (endpoint, data, expected) in SampleReplies.streams {
      for _ in 0..<600 {
        let ending = random.pick(["\n", "\r\n", "\r"])
        var text = random.chance(20) ? "\u{feff}" : ""
        for item in data {
          if random.chance(20) { text += ": OPENROUTER PROCESSING\(ending)\(ending)" }
          if random.chance(20) { text += "event: some.name\(ending)" }
          text += "data: \(item)\(ending)\(ending)"
        }
        let parts = random.split(Array(text.utf8))
        #expect(reading(endpoint, isEventStream: true, parts: parts, json: json) == expected)
      }
    }
    for (endpoint, text, expected) in SampleReplies.plain {
      for _ in 0..<300 {
        let parts = random.split(Array(text.utf8))
        #expect(reading(endpoint, isEventStream: false, parts: parts, json: json) == expected)
      }
    }
  }

  @Test("a malformed event is noted and never stops it")
  func malformed() {
    var random = SeededGenerator(seed: 8)
    let broken = [
      "{", "", "null", "[]", "{\"a\":}", "not json", "{\"choices\":[", "\u{0}", "1", "[DONE",
      "{\"a\":\"\\x\"}",
    ]
    for (endpoint, data, expected) in SampleReplies.streams {
      for _ in 0..<300 {
        var data = data
        data.insert(random.pick(broken), at: random.below(data.count))
        var expected = expected
        expected.isMalformed = true
        #expect(stream(endpoint, data) == expected)
      }
    }
  }

  @Test("bytes changed at random crash nothing, and the good events around are read")
  func garbage() {
    var random = SeededGenerator(seed: 9)
    let json = JSONReader()
    for (endpoint, data, _) in SampleReplies.streams {
      let good = data.map { "data: \($0)\n\n" }.joined()
      for _ in 0..<800 {
        var bytes = Array(good.utf8)
        for _ in 0..<5 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        bytes += Array("\n\n\(good)".utf8)
        let result = reading(endpoint, isEventStream: true, parts: random.split(bytes), json: json)
        #expect(result.sawEndMarker)
        #expect(result.sawContent)
        #expect(result.usage != nil)
      }
    }
    for (endpoint, text, _) in SampleReplies.plain {
      for _ in 0..<400 {
        var bytes = Array(text.utf8)
        for _ in 0..<3 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        let result = reading(endpoint, isEventStream: false, parts: [bytes[...]], json: json)
        #expect(result.isMalformed != result.sawEndMarker)
      }
    }
  }

  @Test("a stream that is cut off lacks its end marker, but is not malformed")
  func cutOff() {
    let text = SampleReplies.chat.dropLast().map { "data: \($0)\n\n" }.joined()
    let bytes = Array(text.utf8)
    let cut = reading(.chatCompletions, isEventStream: true, parts: [bytes[..<(bytes.count - 30)]])
    #expect(!cut.sawEndMarker && !cut.isMalformed && !cut.isAtEventBoundary)
    #expect(cut.usage == nil)
    let between = reading(.chatCompletions, isEventStream: true, parts: [bytes[...]])
    #expect(!between.sawEndMarker && between.isAtEventBoundary)
  }

  @Test("a last event without its closing empty line counts, as it does for client libraries")
  func lastEvent() {
    for ending in ["", "\n"] {
      let bytes = Array("data: {\"choices\":[]}\n\ndata: [DONE]\(ending)".utf8)
      #expect(reading(.chatCompletions, isEventStream: true, parts: [bytes[...]]).sawEndMarker)
    }
  }

  private static let megabyte = String(repeating: "x", count: 1 << 20)

  @Test(
    "of a plain body too large to keep, the usage is read, wherever it stands",
    arguments: [#"{"data":"LARGE","usage":{"prompt_tokens":1}}"#, #"{"usage":{"prompt_tokens":1},"data":"LARGE"}"#])
  func tooLarge(text: String) {
    let text = text.replacing("LARGE", with: String(repeating: Self.megabyte, count: 9))
    let bytes = Array(text.utf8)
    let parts = stride(from: 0, to: bytes.count, by: 65_536).map { bytes[$0...].prefix(65_536) }
    var expected = ReplyReading()
    expected.usage = TokenUsage(input: 1)
    #expect(reading(.embeddings, isEventStream: false, parts: parts) == expected)
  }

  @Test("so it is of an event too large to keep, of which the name tells the rest", arguments: [1, 65_536, 10_000_000])
  func tooLargeEvent(size: Int) {
    let usage = #""usage":{"input_tokens":11,"output_tokens":7,"cost":0.25}"#
    let responses = """
      event: response.completed
      data: {"type":"response.completed","response":{"output":[{"result":"\(Self.megabyte)"}],\(usage)}}


      """
    let usageOfChat = #""usage":{"prompt_tokens":11,"completion_tokens":7,"cost":0.25}"#
    let chat = """
      data: {"choices":[{"delta":{"images":["\(Self.megabyte)"]}}],
      data: \(usageOfChat)}


      """
    for (endpoint, text) in [(Endpoint.responses, responses), (.chatCompletions, chat)] {
      let bytes = Array(text.utf8)
      let parts = stride(from: 0, to: bytes.count, by: size).map { bytes[$0...].prefix(size) }
      let result = reading(endpoint, isEventStream: true, parts: parts)
      #expect(result.usage?.input == 11 && result.usage?.output == 7 && result.cost == 0.25)
      #expect(result.sawEndMarker == (endpoint == .responses) && !result.isEmpty && !result.isMalformed)
    }
  }

  @Test(
    "knows before its body is over that a stream has ended, by its mark or by an error, behind the whole event",
    arguments: [
      (["data: {}\n\n", "data: [DONE]\n", "\n"], [false, false, true]),
      (["data: {\"error\":{\"message\":\"m\",\"code\":502}}\n\n", "data: {}"], [true, false]),
    ])
  func sawEnd(parts: [String], expected: [Bool]) {
    var meter = ReplyMeter(endpoint: .chatCompletions, isEventStream: true)
    let found = parts.map { part in
      unsafe Array(part.utf8).withUnsafeBytes { unsafe meter.read($0) }
      return meter.sawEnd
    }
    #expect(found == expected)
  }

  @Test("an endpoint that is no JSON API is not read", arguments: [Endpoint.models, .other])
  func unread(endpoint: Endpoint) {
    #expect(plain(endpoint, "{\"usage\":{\"prompt_tokens\":1}}") == ReplyReading())
  }
}
