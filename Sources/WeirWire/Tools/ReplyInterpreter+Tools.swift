/// Hands the pieces of tool calls to the collector, where the request offered tools. Calls of tools that the upstream
/// runs itself are none of the client's, and text for custom tools has no schema: neither is collected.
extension ReplyInterpreter {
  /// One element of a chat message's or delta's `tool_calls`.
  mutating func collectChatCall(_ call: JSONValue, choice: Int, index: Int) {
    guard collector != nil, let function = call["function"] else { return }
    let place = ToolCallCollector.Place(choice: choice, index: index)
    collector?.note(place, name: function["name"]?.string(), id: call["id"]?.string())
    collector?.append(place, function["arguments"])
  }

  /// A chat message's or delta's `function_call`.
  mutating func collectLegacyCall(_ message: JSONValue, choice: Int) {
    guard collector != nil, let function = message["function_call"] else { return }
    let place = ToolCallCollector.Place.legacy(choice: choice)
    collector?.note(place, name: function["name"]?.string(), id: nil)
    collector?.append(place, function["arguments"])
  }

  /// An event of a Responses stream that tells of function calls: an item, or a piece or the whole of its arguments.
  mutating func collectResponsesEvent(_ root: JSONValue, type: JSONValue) {
    guard collector != nil else { return }
    let place = ToolCallCollector.Place(choice: 0, index: root["output_index"]?.tokenCount ?? 0)
    if type.isString("response.function_call_arguments.delta") {
      collector?.append(place, root["delta"])
    } else if type.isString("response.function_call_arguments.done") {
      collector?.replace(place, root["arguments"])
    } else if let item = root["item"] {
      collectItem(item, at: place, isWhole: type.isString("response.output_item.done"))
    }
  }

  /// The items of a response that is over, unless its stream told of them before.
  mutating func collectOutput(_ output: JSONValue) {
    guard collector?.isEmpty == true else { return }
    for (index, item) in output.elements.enumerated() {
      collectItem(item, at: ToolCallCollector.Place(choice: 0, index: index), isWhole: true)
    }
  }

  private mutating func collectItem(_ item: JSONValue, at place: ToolCallCollector.Place, isWhole: Bool) {
    guard item["type"]?.isString("function_call") == true else { return }
    collector?.note(place, name: item["name"]?.string(), id: item["call_id"]?.string())
    if isWhole { collector?.replace(place, item["arguments"]) }
  }

  /// A `tool_use` block of a message, whole or at its start.
  mutating func collectBlock(_ block: JSONValue, index: Int) {
    guard collector != nil else { return }
    let place = ToolCallCollector.Place(choice: 0, index: index)
    collector?.note(place, name: block["name"]?.string(), id: block["id"]?.string())
    collector?.replace(place, block["input"])
  }

  /// A `content_block_delta` of a message's stream.
  mutating func collectBlockDelta(_ delta: JSONValue, index: JSONValue?) {
    guard collector != nil, let piece = delta["partial_json"] else { return }
    collector?.append(ToolCallCollector.Place(choice: 0, index: index?.tokenCount ?? 0), piece)
  }

  /// The reply is over: calls of one that broke off are not whole.
  mutating func concludeToolCalls() {
    guard collector?.isEmpty == false else { return }
    if !reading.sawEndMarker || reading.error != nil || skippedEvents { collector?.breakOff() }
  }
}
