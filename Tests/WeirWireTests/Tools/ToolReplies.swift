import WeirWire

/// Replies with tool calls as upstreams send them: for each API a plain one and a stream that tell of the same calls.
enum ToolReplies {
  /// An emoji, a quote, a backslash and a line end, each of which some layer escapes.
  static let city = "Z\u{fc}rich \u{1f600} \"\\\n"
  static let arguments = #"{"city":"Z\u00fcrich \ud83d\ude00 \"\\\n","days":3}"#
  /// `arguments` as a JSON string.
  static let quoted = JSONText.quoted(arguments)

  static let calls = [
    CollectedToolCall(name: "weather", id: "functions.weather:0", arguments: Array(arguments.utf8)),
    CollectedToolCall(name: "clock", id: "functions.clock:1", arguments: Array("{}".utf8)),
  ]

  static let plain: [(Endpoint, String)] = [
    (
      .chatCompletions,
      #"{"choices":[{"index":0,"finish_reason":"tool_calls","message":{"content":null,"tool_calls":["#
        + #"{"id":"functions.weather:0","type":"function","function":{"name":"weather","arguments":\#(quoted)}},"#
        + #"{"id":"functions.clock:1","type":"function","function":{"name":"clock","arguments":"{}"}}]}}]}"#
    ),
    (
      .responses,
      #"{"status":"completed","output":[{"type":"reasoning"},{"type":"function_call","call_id":"functions.weather:0","#
        + #""name":"weather","arguments":\#(quoted)},{"type":"function_call","call_id":"functions.clock:1","#
        + #""name":"clock","arguments":"{}"}]}"#
    ),
    (
      .messages,
      #"{"type":"message","stop_reason":"tool_use","content":[{"type":"text","text":"so"},{"type":"tool_use","#
        + #""id":"functions.weather:0","name":"weather","input":\#(arguments)},{"type":"tool_use","#
        + #""id":"functions.clock:1","name":"clock","input":{}}]}"#
    ),
  ]

  /// The quoted arguments in pieces, cut between any two escapes; even between the halves of a surrogate pair.
  static func pieces(_ quoted: String) -> [String] {
    var pieces: [String] = []
    var rest = quoted.utf8.dropFirst().dropLast()[...]
    while let first = rest.first {
      let isUnicode = first == UInt8(ascii: "\\") && rest.dropFirst().first == UInt8(ascii: "u")
      let isMultibyte = first >= 0x80
      let count = isUnicode ? 6 : first == UInt8(ascii: "\\") ? 2 : 1
      let tail = rest.dropFirst().prefix { isMultibyte && $0 & 0xc0 == 0x80 }.count
      pieces.append("\"\(String(decoding: rest.prefix(count + tail), as: UTF8.self))\"")
      rest = rest.dropFirst(count + tail)
    }
    return pieces
  }

  static let streams: [(Endpoint, [String])] = [
    (.chatCompletions, chat(pieces(quoted))), (.responses, responses(pieces(quoted))),
    (.messages, messages(pieces(quoted))),
  ]

  /// As some vendors send them: the second call before the first is over.
  static func chat(_ pieces: [String]) -> [String] {
    let head =
      #"{"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"functions.weather:0","#
      + #""type":"function","function":{"name":"weather","arguments":""}}]}}]}"#
    let second =
      #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"functions.clock:1","#
      + #""function":{"name":"clock","arguments":"{"}},{"index":1,"function":{"arguments":"}"}}]}}]}"#
    let deltas = pieces.map {
      #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":\#($0)}}]}}]}"#
    }
    let half = deltas.count / 2
    return [head] + deltas[..<half] + [second] + deltas[half...] + [
      #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#, "[DONE]",
    ]
  }

  static func responses(_ pieces: [String]) -> [String] {
    let begun = ["weather", "clock"].enumerated().map { index, name in
      #"{"type":"response.output_item.added","output_index":\#(index + 1),"item":{"type":"function_call","id":"fc","#
        + #""call_id":"functions.\#(name):\#(index)","name":"\#(name)","arguments":""}}"#
    }
    let deltas = pieces.map {
      #"{"type":"response.function_call_arguments.delta","output_index":1,"item_id":"fc","delta":\#($0)}"#
    }
    return [#"{"type":"response.created","response":{"status":"in_progress"}}"#, begun[0]] + deltas + [
      begun[1],
      #"{"type":"response.function_call_arguments.done","output_index":2,"item_id":"fc","arguments":"{}"}"#,
      #"{"type":"response.completed","response":{"status":"completed","output":[{"type":"reasoning"},"#
        + #"{"type":"function_call","name":"weather"},{"type":"function_call","name":"clock"}]}}"#,
    ]
  }

  static func messages(_ pieces: [String]) -> [String] {
    let begun = ["weather", "clock"].enumerated().map { index, name in
      #"{"type":"content_block_start","index":\#(index + 1),"content_block":{"type":"tool_use","#
        + #""id":"functions.\#(name):\#(index)","name":"\#(name)","input":{}}}"#
    }
    let deltas = pieces.map {
      #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":\#($0)}}"#
    }
    return [#"{"type":"message_start","message":{"id":"m","content":[]}}"#, begun[0]] + deltas + [
      begun[1], #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#, #"{"type":"message_stop"}"#,
    ]
  }
}

/// The tool calls of a reply whose bytes come in these parts.
func toolCalls(
  _ endpoint: Endpoint, isEventStream: Bool, parts: [ArraySlice<UInt8>], json: JSONReader = JSONReader()
) -> [CollectedToolCall] {
  var meter = ReplyMeter(endpoint: endpoint, isEventStream: isEventStream, json: json, collectsToolCalls: true)
  for part in parts { unsafe part.withUnsafeBytes { unsafe meter.read($0) } }
  meter.finish()
  return meter.takeToolCalls()
}

/// The tool calls of a stream whose events have these data.
func toolCalls(_ endpoint: Endpoint, _ data: [String]) -> [CollectedToolCall] {
  let text = data.map { "data: \($0)\n\n" }.joined()
  return toolCalls(endpoint, isEventStream: true, parts: [Array(text.utf8)[...]])
}

/// The tool calls of a plain reply.
func toolCalls(_ endpoint: Endpoint, plain text: String) -> [CollectedToolCall] {
  toolCalls(endpoint, isEventStream: false, parts: [Array(text.utf8)[...]])
}
