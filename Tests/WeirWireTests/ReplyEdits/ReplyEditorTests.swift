import Testing

@testable import WeirWire

/// A rule that forbids tools whose names begin with `bad`.
func forbidBad(refuses: Bool = false) -> ReplyRules {
  ReplyRules(tools: ReplyRules.Tools(refuses: refuses) { names in !names.contains { $0.hasPrefix("bad") } })
}

/// What a stream of these data becomes, event names taken from `type` where the API has them.
func edited(
  _ endpoint: Endpoint, _ rules: ReplyRules, _ data: [String], seed: UInt64? = nil,
  maximum: Int = ReplyEditor.maximumBytes
) -> (data: [String], stop: ReplyEditor.Stop?) {
  var editor = ReplyEditor(endpoint: endpoint, rules: rules, maximumEventBytes: maximum)
  let bytes = Array(data.map { "data: \($0)\n\n" }.joined().utf8)
  var parts = [bytes[...]]
  if let seed {
    var random = SeededGenerator(seed: seed)
    parts = random.split(bytes)
  }
  var out: [UInt8] = []
  for part in parts {
    unsafe part.withUnsafeBytes { bytes in unsafe editor.read(bytes) { unsafe out.append(contentsOf: $0) } }
  }
  unsafe editor.finish { unsafe out.append(contentsOf: $0) }
  return (events(in: [out[...]]).events.map(\.data), editor.stop)
}

/// What a whole reply becomes.
func editedWhole(_ endpoint: Endpoint, _ rules: ReplyRules, _ body: String) -> (body: String, stop: ReplyEditor.Stop?) {
  var editor = ReplyEditor(endpoint: endpoint, rules: rules)
  let edited = unsafe Array(body.utf8).withUnsafeBytes { unsafe editor.edited($0) }
  return (edited.map { String(decoding: $0, as: UTF8.self) } ?? body, editor.stop)
}

@Suite("Reply editor")
struct ReplyEditorTests {
  private let hides = ReplyRules(hidesUsage: true)
  private let text = #"{"choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}"#
  private let usage = #"{"choices": [ ],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#

  @Test("hides the event that tells nothing but the usage, however the stream is split")
  func hidden() {
    for seed in 0..<40 as Range<UInt64> {
      #expect(edited(.chatCompletions, hides, [text, usage, "[DONE]"], seed: seed).data == [text, "[DONE]"])
      #expect(edited(.completions, hides, [text, usage, "[DONE]"], seed: seed).data == [text, "[DONE]"])
    }
  }

  @Test("usage beside a choice or an error stays, and so does everything where nothing is hidden")
  func shown() {
    let beside = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}"#
    let failed = #"{"choices":[],"usage":{"prompt_tokens":3},"error":{"code":502}}"#
    let all = [text, beside, failed, #"{"choices":[],"usage":null}"#, "not json", "[DONE]"]
    #expect(edited(.chatCompletions, hides, all).data == all)
    #expect(edited(.chatCompletions, forbidBad(), [usage]).data == [usage])
  }

  @Test("rules apply to the kinds of replies that they can be about")
  func applies() {
    #expect(hides.apply(to: .chatCompletions, isEventStream: true))
    #expect(!hides.apply(to: .chatCompletions, isEventStream: false))
    #expect(!hides.apply(to: .messages, isEventStream: true))
    #expect(forbidBad().apply(to: .messages, isEventStream: false))
    #expect(!forbidBad().apply(to: .embeddings, isEventStream: false))
    #expect(!ReplyRules().apply(to: .chatCompletions, isEventStream: true))
  }

  @Test("an event too long to be looked at ends a reply whose tool calls matter, and passes where they do not")
  func tooLong() {
    let long = #"{"choices":[{"delta":{"content":""# + String(repeating: "x", count: 500) + #""}}]}"#
    let strict = edited(.chatCompletions, forbidBad(), [text, long, text], maximum: 200)
    #expect(strict.data == [text])
    #expect(strict.stop == .tooLong)
    #expect(edited(.chatCompletions, hides, [text, long, usage], maximum: 200).data == [text, long])
  }
}
