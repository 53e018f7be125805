/// The members of requests that matter to those who read its texts. Names are compared with their escapes undone.
enum TextKey: Sendable {
  case messages, input, prompt, system, instructions, suffix, prediction
  case content, output, parts, function, arguments, calls
  case media, inputAudio, url
  case role, type, opaque

  /// By the name; with the name as a place shows it.
  static func find(_ key: JSONValue) -> (key: TextKey?, name: StaticString?) {
    guard let name = key.string(maximumBytes: 64), let known = table[name] else { return (nil, nil) }
    return (known.key, known.name)
  }

  private static let table: [String: (key: TextKey, name: StaticString)] = {
    let all: [(TextKey, [StaticString])] = [
      (.messages, ["messages"]), (.input, ["input"]), (.prompt, ["prompt"]), (.system, ["system"]),
      (.instructions, ["instructions"]), (.suffix, ["suffix"]), (.prediction, ["prediction"]),
      (.content, ["content"]), (.output, ["output"]),
      (.parts, ["text", "summary", "reasoning_details", "thinking", "reasoning", "reasoning_content", "refusal"]),
      (.function, ["function", "function_call", "custom"]), (.arguments, ["arguments"]), (.calls, ["tool_calls"]),
      (.media, ["source", "file", "image_url", "video_url", "audio_url"]), (.inputAudio, ["input_audio", "audio"]),
      (.url, ["url", "file_data", "file_url", "data"]),
      (.role, ["role"]), (.type, ["type"]),
      (
        .opaque,
        [
          "id", "name", "tool_call_id", "tool_use_id", "call_id", "item_id", "file_id", "status", "signature",
          "encrypted_content", "cache_control", "detail", "phase", "media_type", "format", "server_name",
          "server_label",
        ]
      ),
    ]
    var table: [String: (key: TextKey, name: StaticString)] = [:]
    for (key, names) in all { for name in names { table["\(name)"] = (key, name) } }
    return table
  }()
}
