import Testing

@testable import WeirWire

@Suite("Forbidden tool calls in replies")
struct ForbiddenCallTests {
  // MARK: Chat

  private func chunk(_ calls: String) -> String {
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":[\#(calls)]},"finish_reason":null}]}"#
  }

  private let ended = #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#
  private let stopped = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#

  @Test("a streamed call is taken out with all its pieces, and the next takes its number")
  func chatStream() {
    let events = [
      chunk(#"{"index":0,"id":"a","function":{"name":"bad_one","arguments":""}}"#),
      chunk(#"{"index":0,"function":{"arguments":"{}"}}"#),
      chunk(#"{"index":1,"id":"b","function":{"name":"good","arguments":""}}"#),
      chunk(#"{"index":0,"function":{"arguments":"x"}},{"index":1,"function":{"arguments":"{}"}}"#), ended, "[DONE]",
    ]
    let none = #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":null},"finish_reason":null}]}"#
    for seed in 0..<40 as Range<UInt64> {
      let result = edited(.chatCompletions, forbidBad(), events, seed: seed)
      #expect(
        result.data == [
          none, none, chunk(#"{"index":0,"id":"b","function":{"name":"good","arguments":""}}"#),
          chunk(#"{"index":0,"function":{"arguments":"{}"}}"#), ended, "[DONE]",
        ])
      #expect(result.stop == nil)
    }
  }

  @Test("where no call is left, the stream no longer says that it ended for one")
  func chatFinish() {
    let call = chunk(#"{"index":0,"id":"a","function":{"name":"bad","arguments":"{}"}}"#)
    #expect(edited(.chatCompletions, forbidBad(), [call, ended]).data.last == stopped)
    #expect(edited(.chatCompletions, forbidBad(), [ended]).data == [ended])
  }

  @Test("a vendor that gives every call the same number is understood")
  func sameNumber() {
    let events = [
      chunk(#"{"index":0,"id":"a","function":{"name":"good","arguments":"{}"}}"#),
      chunk(#"{"index":0,"id":"b","function":{"name":"bad","arguments":""}}"#),
      chunk(#"{"index":0,"function":{"arguments":"{}"}}"#),
      chunk(#"{"index":0,"id":"c","function":{"name":"good","arguments":"{}"}}"#),
    ]
    let none = #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":null},"finish_reason":null}]}"#
    #expect(edited(.chatCompletions, forbidBad(), events).data == [events[0], none, none, events[3]])
  }

  @Test("a name that comes in pieces is read as clients do, who put them together")
  func namePieces() {
    let none = #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":null},"finish_reason":null}]}"#
    let next = chunk(#"{"index":1,"id":"b","function":{"name":"good","arguments":"{}"}}"#)
    let events = [
      chunk(#"{"index":0,"id":"a","function":{"name":"b","arguments":""}}"#),
      chunk(#"{"index":0,"function":{"name":"ad","arguments":"{}"}}"#),
      chunk(#"{"index":0,"function":{"arguments":"x"}}"#), next,
    ]
    // What went out keeps its number, so that the next call is not taken for a part of it.
    #expect(edited(.chatCompletions, forbidBad(), events).data == [events[0], none, none, next])
    let refused = edited(.chatCompletions, forbidBad(refuses: true), events)
    #expect(refused.data == [events[0]] && refused.stop == .tool("bad"))
    let legacy = [
      #"{"choices":[{"delta":{"function_call":{"name":"b"}}}]}"#,
      #"{"choices":[{"delta":{"function_call":{"name":"ad"}}}]}"#,
    ]
    let gone = #"{"choices":[{"delta":{"function_call":null}}]}"#
    #expect(edited(.chatCompletions, forbidBad(), legacy).data == [legacy[0], gone])
  }

  @Test("a name that is said again, and that of another call under the same number, is no further piece")
  func nameAgain() {
    let again = [
      chunk(#"{"index":0,"id":"a","function":{"name":"b","arguments":""}}"#),
      chunk(#"{"index":0,"id":"a","function":{"name":"b","arguments":"{}"}}"#),
      chunk(#"{"index":0,"id":"c","function":{"name":"ad","arguments":"{}"}}"#),
    ]
    #expect(edited(.chatCompletions, forbidBad(), again).data == again)
  }

  @Test("a tool whose name nobody would give is forbidden")
  func longName() {
    let call = chunk(#"{"index":0,"function":{"name":"\#(String(repeating: "x", count: 513))"}}"#)
    #expect(edited(.chatCompletions, forbidBad(), [call]).data != [call])
  }

  @Test("a reply behind a byte order mark, and a stream that does not say that it is one, are looked at too")
  func unannounced() {
    let call = #"{"function":{"name":"bad","arguments":"{}"}}"#
    let body = "\u{FEFF}" + #"{"choices":[{"message":{"tool_calls":[\#(call)]}}]}"#
    let edited = body.replacing("[\(call)]", with: "null")
    #expect(editedWhole(.chatCompletions, forbidBad(), body).body == edited)
    let stream = "data: \(chunk(call))\r\n\r\n: wait\n\ndata: [DONE]"
    let left = chunk(call).replacing("[\(call)]", with: "null")
    #expect(
      editedWhole(.chatCompletions, forbidBad(), stream).body == "data: \(left)\n\n: wait\n\ndata: [DONE]")
    for other in ["<html>\n\n<p>data</p>", "data: \(ended)\n\ndata: [DONE]\n\n", "", "\u{FEFF}"] {
      #expect(editedWhole(.chatCompletions, forbidBad(), other).body == other)
    }
  }

  @Test("a whole chat reply loses exactly the forbidden calls")
  func chatWhole() {
    func reply(_ calls: String, _ reason: String) -> String {
      #"{"choices":[{"message":{"content":null,"tool_calls":\#(calls)},"finish_reason":"\#(reason)"}],"usage":{"a":1.0}}"#
    }
    let good = #"{"id":"2","function":{"name":"good","arguments":"{\"a\": [1, 2]}"}}"#
    let bad = #"{"id":"1","function":{"name":"\u0062ad","arguments":"{}"}}"#
    for (calls, left) in [
      ("[\(bad), \(good)]", "[\(good)]"), ("[\(good) , \(bad)]", "[\(good)]"),
      ("[ \(bad),\(bad), \(good),\(bad)]", "[ \(good)]"),
    ] {
      #expect(editedWhole(.chatCompletions, forbidBad(), reply(calls, "tool_calls")).body == reply(left, "tool_calls"))
    }
    let alone = editedWhole(.chatCompletions, forbidBad(), reply("[\(bad)]", "tool_calls"))
    #expect(alone.body == reply("null", "stop"))
    let untouched = reply("[\(good)]", "tool_calls")
    #expect(editedWhole(.chatCompletions, forbidBad(), untouched).body == untouched)
  }

  @Test("choices are told apart")
  func choices() {
    let body =
      #"{"choices":[{"index":0,"message":{"tool_calls":[{"function":{"name":"bad"}}]},"finish_reason":"tool_calls"},"#
      + #"{"index":1,"message":{"tool_calls":[{"function":{"name":"ok"}}]},"finish_reason":"tool_calls"}]}"#
    #expect(
      editedWhole(.chatCompletions, forbidBad(), body).body
        == #"{"choices":[{"index":0,"message":{"tool_calls":null},"finish_reason":"stop"},"#
        + #"{"index":1,"message":{"tool_calls":[{"function":{"name":"ok"}}]},"finish_reason":"tool_calls"}]}"#)
  }

  @Test("OpenAI's first form and custom tools are calls too")
  func otherForms() {
    let legacy = #"{"choices":[{"message":{"function_call":{"name":"bad"}},"finish_reason":"function_call"}]}"#
    #expect(
      editedWhole(.chatCompletions, forbidBad(), legacy).body
        == #"{"choices":[{"message":{"function_call":null},"finish_reason":"stop"}]}"#)
    let custom = #"{"choices":[{"message":{"tool_calls":[{"custom":{"name":"bad"}}]}}]}"#
    #expect(
      editedWhole(.chatCompletions, forbidBad(), custom).body == #"{"choices":[{"message":{"tool_calls":null}}]}"#)
    let pieces = [
      #"{"choices":[{"delta":{"function_call":{"name":"bad","arguments":""}}}]}"#,
      #"{"choices":[{"delta":{"function_call":{"arguments":"{}"}}}]}"#,
    ]
    let none = #"{"choices":[{"delta":{"function_call":null}}]}"#
    #expect(edited(.chatCompletions, forbidBad(), pieces).data == [none, none])
  }

  @Test("a refused call ends the reply before any byte of it, and names the tool")
  func refused() {
    let text = #"{"choices":[{"index":0,"delta":{"content":"Let me see"}}]}"#
    let call = chunk(#"{"index":0,"id":"a","function":{"name":"bad","arguments":""}}"#)
    let result = edited(.chatCompletions, forbidBad(refuses: true), [text, call, text])
    #expect(result.data == [text])
    #expect(result.stop == .tool("bad"))
    let body = #"{"content":[{"type":"tool_use","name":"bad"}]}"#
    #expect(editedWhole(.messages, forbidBad(refuses: true), body).stop == .tool("bad"))
    let response = #"{"output":[{"type":"custom_tool_call","name":"bad"}]}"#
    #expect(editedWhole(.responses, forbidBad(refuses: true), response).stop == .tool("bad"))
  }

  // MARK: Messages

  @Test("a block of a message's stream goes with its pieces, and later blocks move up")
  func messagesStream() {
    func start(_ index: Int, _ block: String) -> String {
      #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#
    }
    let bad = #"{"type":"tool_use","id":"1","name":"bad","input":{}}"#
    let good = #"{"type":"tool_use","id":"2","name":"good","input":{}}"#
    let ended = #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#
    let events = [
      #"{"type":"message_start","message":{"content":[],"stop_reason":null}}"#, start(0, #"{"type":"text","text":""}"#),
      start(1, bad), #"{"type":"content_block_delta","index":1,"delta":{"partial_json":"{}"}}"#,
      #"{"type":"content_block_stop","index":1}"#, start(2, good), #"{"type":"content_block_stop","index":2}"#, ended,
      #"{"type":"message_stop"}"#,
    ]
    let result = edited(.messages, forbidBad(), events, seed: 5)
    #expect(
      result.data == [
        events[0], events[1], start(1, good), #"{"type":"content_block_stop","index":1}"#, ended, events[8],
      ])
    let alone = edited(.messages, forbidBad(), Array(events[0...4]) + [ended])
    #expect(alone.data.last == ended.replacing(#""tool_use""#, with: #""end_turn""#))
  }

  @Test("a whole message loses exactly the forbidden calls; tools of the upstream's own stay")
  func messagesWhole() {
    let bad = #"{"type":"tool_use","name":"bad","input":{}}"#
    let own = #"{"type":"server_tool_use","name":"bad_search"}"#
    let body = #"{"content":[\#(own),\#(bad)],"stop_reason":"tool_use"}"#
    #expect(
      editedWhole(.messages, forbidBad(), body).body == #"{"content":[\#(own)],"stop_reason":"end_turn"}"#)
    #expect(
      editedWhole(.messages, forbidBad(), #"{"content":[\#(bad)],"stop_reason":"tool_use"}"#).body
        == #"{"content":[],"stop_reason":"end_turn"}"#)
  }

  // MARK: Responses

  @Test("an item of a response's stream goes with its pieces, and later items move up")
  func responsesStream() {
    func item(_ name: String) -> String { #"{"type":"function_call","name":"\#(name)","arguments":"{}"}"# }
    func event(_ type: String, _ index: Int, _ rest: String) -> String {
      #"{"type":"response.\#(type)","output_index":\#(index),\#(rest)}"#
    }
    let events = [
      event("output_item.added", 0, #""item":\#(item("bad"))"#),
      event("function_call_arguments.delta", 0, #""delta":"{}""#),
      event("output_item.done", 0, #""item":\#(item("bad"))"#),
      event("output_item.added", 1, #""item":\#(item("good"))"#),
      event("function_call_arguments.done", 1, #""arguments":"{}""#),
      #"{"type":"response.completed","response":{"output":[\#(item("bad")),\#(item("good"))],"status":"completed"}}"#,
    ]
    #expect(
      edited(.responses, forbidBad(), events, seed: 9).data == [
        event("output_item.added", 0, #""item":\#(item("good"))"#),
        event("function_call_arguments.done", 0, #""arguments":"{}""#),
        #"{"type":"response.completed","response":{"output":[\#(item("good"))],"status":"completed"}}"#,
      ])
  }

  @Test(
    "calls of built-in tools that the client runs are calls",
    arguments: [
      ("local_shell_call", "local_shell"), ("shell_call", "shell"), ("apply_patch_call", "apply_patch"),
      ("computer_call", "computer_use_preview"), ("computer_call", "computer"),
    ])
  func runByClients(type: String, tool: String) {
    let rules = ReplyRules(tools: ReplyRules.Tools(refuses: false) { !$0.contains(tool) })
    let item = #"{"type":"\#(type)","call_id":"c","action":{}}"#
    let good = #"{"type":"function_call","name":"good"}"#
    #expect(editedWhole(.responses, rules, #"{"output":[\#(item),\#(good)]}"#).body == #"{"output":[\#(good)]}"#)
    let events = [
      #"{"type":"response.output_item.added","output_index":0,"item":\#(item)}"#,
      #"{"type":"response.shell_call_command.delta","output_index":0,"delta":"rm"}"#,
      #"{"type":"response.output_item.added","output_index":1,"item":\#(good)}"#,
    ]
    #expect(
      edited(.responses, rules, events).data == [events[2].replacing(#""output_index":1"#, with: #""output_index":0"#)])
    let none = ReplyRules(tools: ReplyRules.Tools(refuses: true) { _ in false })
    let own = #"{"type":"shell_call","environment":{"type":"container_reference"}}"#
    #expect(editedWhole(.responses, none, #"{"output":[\#(own),{"type":"web_search_call"}]}"#).stop == nil)
  }
}
