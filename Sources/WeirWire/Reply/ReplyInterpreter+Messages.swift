/// Anthropic's Messages API (API reference, "Messages" and "Streaming messages").
extension ReplyInterpreter {
  mutating func readMessagesEvent(_ root: JSONValue) {
    guard let type = root["type"] else {
      // An error that a gateway put into the stream in chat's shape.
      if let error = root["error"] { readError(error) }
      return
    }
    if type.isString("content_block_delta") {
      if let delta = root["delta"], Self.isOutput(delta) {
        countContent()
        if delta["text"]?.isText == true { hasAnswer = true }
        collectBlockDelta(delta, index: root["index"])
      }
    } else if type.isString("content_block_start") {
      if let block = root["content_block"], Self.isToolCall(block) {
        reading.toolCalls += 1
        countContent()
        collectBlock(block, index: root["index"]?.tokenCount ?? 0)
      }
    } else if type.isString("message_start") {
      if let message = root["message"] { readMessage(message) }
    } else if type.isString("message_delta") {
      if let reason = root["delta"]?["stop_reason"]?.string() { reading.finishReason = reason }
      if let usage = root["usage"] { readMessagesUsage(usage) }
    } else if type.isString("message_stop") {
      reading.sawEndMarker = true
    } else if type.isString("error") {
      readError(root["error"] ?? root)
    }
  }

  /// A whole message, or the one without content that begins a stream.
  mutating func readMessage(_ message: JSONValue) {
    if let error = message["error"] { readError(error) }
    readIdentity(message)
    if let reason = message["stop_reason"]?.string() { reading.finishReason = reason }
    if let usage = message["usage"] { readMessagesUsage(usage, isStart: isStream) }
    guard let content = message["content"] else { return }
    let blocks = content.elements.reduce(into: (all: 0, calls: 0)) { count, block in
      if block["text"]?.isText == true { hasAnswer = true }
      if Self.isToolCall(block) {
        collectBlock(block, index: count.all)
        count.calls += 1
      }
      count.all += 1
    }
    reading.toolCalls += blocks.calls
    if blocks.all > 0 { countContent() }
  }

  private mutating func readMessagesUsage(_ usage: JSONValue, isStart: Bool = false) {
    guard usage.isObject else { return }
    anthropicUsage.merge(usage, isStart: isStart)
    reading.usage = anthropicUsage.total ?? reading.usage
    readCost(usage)
  }

  private static func isOutput(_ delta: JSONValue) -> Bool {
    delta["text"]?.isText ?? delta["thinking"]?.isText ?? delta["partial_json"]?.isText ?? false
  }

  private static func isToolCall(_ block: JSONValue) -> Bool {
    block["type"]?.isString("tool_use") ?? false
  }
}
