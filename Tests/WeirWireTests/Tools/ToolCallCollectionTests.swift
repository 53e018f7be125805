import Testing
import WeirWire

@Suite("Collecting a reply's tool calls")
struct ToolCallCollectionTests {
  @Test("each API's plain reply gives its calls")
  func plain() {
    for (endpoint, text) in ToolReplies.plain { #expect(toolCalls(endpoint, plain: text) == ToolReplies.calls) }
  }

  @Test("each API's stream gives the same calls, though cut within surrogate pairs and between calls")
  func streams() {
    #expect(ToolReplies.pieces(ToolReplies.quoted).count > 40)
    for (endpoint, data) in ToolReplies.streams { #expect(toolCalls(endpoint, data) == ToolReplies.calls) }
  }

  @Test("arguments cut between two deltas at every border give the same calls")
  func everyDelta() {
    let whole = ToolReplies.pieces(ToolReplies.quoted).map { $0.dropFirst().dropLast() }
    for border in 0...whole.count {
      let halves = [whole[..<border], whole[border...]].map { "\"\($0.joined())\"" }
      #expect(toolCalls(.chatCompletions, ToolReplies.chat(halves)) == ToolReplies.calls)
      #expect(toolCalls(.responses, ToolReplies.responses(halves)) == ToolReplies.calls)
      #expect(toolCalls(.messages, ToolReplies.messages(halves)) == ToolReplies.calls)
    }
  }

  @Test("bytes cut in two at every border give the same calls")
  func everyByte() {
    let json = JSONReader()
    let whole = ToolReplies.pieces(ToolReplies.quoted).map { $0.dropFirst().dropLast() }
    let halves = [whole[..<20], whole[20...]].map { "\"\($0.joined())\"" }
    let streams: [(Endpoint, [String])] = [
      (.chatCompletions, ToolReplies.chat(halves)), (.responses, ToolReplies.responses(halves)),
      (.messages, ToolReplies.messages(halves)),
    ]
    for (endpoint, data) in streams {
      let bytes = Array(data.map { "data: \($0)\r\n\r\n" }.joined().utf8)
      for border in 0...bytes.count {
        let parts = [bytes[..<border], bytes[border...]]
        #expect(toolCalls(endpoint, isEventStream: true, parts: parts, json: json) == ToolReplies.calls)
      }
    }
    for (endpoint, text) in ToolReplies.plain {
      let bytes = Array(text.utf8)
      for border in 0...bytes.count {
        let parts = [bytes[..<border], bytes[border...]]
        #expect(toolCalls(endpoint, isEventStream: false, parts: parts, json: json) == ToolReplies.calls)
      }
    }
  }

  @Test("emoji as a surrogate pair split over two deltas come out as one character")
  func surrogates() {
    let calls = toolCalls(.chatCompletions, ToolReplies.chat([#""{\"a\":\"\ud83d""#, #""\ude00\"}""#]))
    #expect(calls.first.map { String(decoding: $0.arguments, as: UTF8.self) } == "{\"a\":\"\u{1f600}\"}")
  }

  @Test("nothing is collected unless it was asked for")
  func notAsked() {
    var meter = ReplyMeter(endpoint: .chatCompletions, isEventStream: false)
    unsafe Array(ToolReplies.plain[0].1.utf8).withUnsafeBytes { unsafe meter.read($0) }
    meter.finish()
    #expect(meter.reading.toolCalls == 2)
    #expect(meter.takeToolCalls().isEmpty)
  }

  @Test("calls are handed out once")
  func once() {
    var meter = ReplyMeter(endpoint: .chatCompletions, isEventStream: false, collectsToolCalls: true)
    unsafe Array(ToolReplies.plain[0].1.utf8).withUnsafeBytes { unsafe meter.read($0) }
    meter.finish()
    #expect(meter.takeToolCalls().count == 2)
    #expect(meter.takeToolCalls().isEmpty)
  }

  @Test("the calls of a stream that broke off, or ended by an error, are not whole")
  func brokenOff() {
    for (endpoint, data) in ToolReplies.streams {
      #expect(toolCalls(endpoint, Array(data.dropLast())).map(\.isWhole) == [false, false])
    }
    var failed = ToolReplies.streams[0].1
    failed.insert(#"{"error":{"code":502,"message":"x"}}"#, at: 3)
    #expect(toolCalls(.chatCompletions, failed).map(\.isWhole) == [false, false])
  }

  @Test("an event too long to be read leaves the calls not whole")
  func skippedEvent() {
    var data = ToolReplies.streams[0].1
    let long = String(repeating: "x", count: 2 << 20)
    data.insert(#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\#(long)"}}]}}]}"#, at: 2)
    #expect(toolCalls(.chatCompletions, data).map(\.isWhole) == [false, false])
  }

  @Test("OpenAI's first form of call is collected, plain and streamed")
  func legacy() {
    let expected = [CollectedToolCall(name: "f", arguments: Array(#"{"a":1}"#.utf8))]
    let whole = #"{"choices":[{"message":{"function_call":{"name":"f","arguments":"{\"a\":1}"}}}]}"#
    #expect(toolCalls(.chatCompletions, plain: whole) == expected)
    let deltas = [#"{"name":"f","arguments":""}"#, #"{"arguments":"{\"a\""}"#, #"{"arguments":":1}"}"#].map {
      #"{"choices":[{"index":0,"delta":{"function_call":\#($0)}}]}"#
    }
    #expect(toolCalls(.chatCompletions, deltas + ["[DONE]"]) == expected)
  }

  @Test("several choices keep their calls apart, and calls that share an index are told apart by their ids")
  func choices() {
    let data = [(0, "a", "1"), (1, "b", "2"), (0, "c", "3")].map { choice, name, id in
      #"{"choices":[{"index":\#(choice),"delta":{"tool_calls":[{"index":0,"id":"\#(id)","function":{"name":"\#(name)","#
        + #""arguments":"{}"}}]}}]}"#
    }
    let calls = toolCalls(.chatCompletions, data + ["[DONE]"])
    #expect(calls.map(\.name) == ["a", "b", "c"])
    #expect(calls.map(\.id) == ["1", "2", "3"])
    #expect(calls.allSatisfy { $0.arguments == Array("{}".utf8) })
  }

  @Test("tools that the upstream runs itself, and text for custom tools, are not collected")
  func others() {
    let responses =
      #"{"status":"completed","output":[{"type":"web_search_call"},{"type":"mcp_call","name":"m","arguments":"x"},"#
      + #"{"type":"custom_tool_call","name":"c","input":"x"}]}"#
    #expect(toolCalls(.responses, plain: responses).isEmpty)
    let messages = #"{"content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}"#
    #expect(toolCalls(.messages, plain: messages).isEmpty)
    let chat = #"{"choices":[{"message":{"tool_calls":[{"type":"custom","custom":{"name":"c","input":"x"}}]}}]}"#
    #expect(toolCalls(.chatCompletions, plain: chat).isEmpty)
  }

  @Test("arguments of the wrong kind, and calls without a name, come out empty")
  func wrongKinds() {
    for arguments in ["null", "1", "{\"a\":1}", "[]", "true"] {
      let reply =
        #"{"choices":[{"message":{"tool_calls":[{"function":{"name":7,"arguments":\#(arguments)}},null,3]}}]}"#
      #expect(toolCalls(.chatCompletions, plain: reply) == [CollectedToolCall(name: "", arguments: [])])
    }
  }

  @Test("5 MB of arguments in small deltas are collected")
  func large() {
    let piece = String(repeating: "x", count: 16384)
    let text = "\"\(piece)\""
    let pieces = [#""{\"a\":\"""#] + Array(repeating: text, count: 320) + [#""\"}""#]
    let calls = toolCalls(.chatCompletions, ToolReplies.chat(pieces))
    #expect(calls.map(\.isWhole) == [true, true])
    #expect(calls.first?.arguments.count == 320 * 16384 + 8)
  }

  @Test("beyond the bounds a call is known of but not kept; others are")
  func beyondBounds() {
    let text = "\"\(String(repeating: "x", count: 1 << 19))\""
    let calls = toolCalls(.chatCompletions, ToolReplies.chat(Array(repeating: text, count: 13)))
    #expect(calls.map(\.isWhole) == [false, true])
    #expect(calls.first?.arguments == [])
    let many = (0..<2000).map { index in
      #"{"choices":[{"delta":{"tool_calls":[{"index":\#(index),"function":{"name":"f","arguments":"{}"}}]}}]}"#
    }
    let collected = toolCalls(.chatCompletions, many + ["[DONE]"])
    #expect(collected.count == 1024)
    #expect(collected.filter(\.isWhole).count == 128)
  }
}
