/// Anthropic's Messages API. Calls of tools that the upstream runs itself (`server_tool_use`) stay.
extension ReplyEditor {
  /// False for an event that tells of a forbidden call only.
  mutating func editMessagesEvent(_ root: JSONValue, _ edits: inout DocumentEdits) -> Bool {
    if let delta = root["delta"] { editStopReason(delta, &edits) }
    if let message = root["message"] { editMessage(message, &edits) }
    guard let index = root["index"], let number = index.tokenCount else { return true }
    let place = CallSieve.Place(choice: 0, index: number)
    if let block = root["content_block"], let name = Self.calledName(block), sieve?.number(place, name: name) == nil {
      return false
    }
    guard let sieve, !sieve.isStripped(place) else { return false }
    let moved = sieve.number(of: place)
    if moved != number { edits.replace(index, with: String(moved)) }
    return true
  }

  /// Takes forbidden calls out of a message.
  mutating func editMessage(_ message: JSONValue, _ edits: inout DocumentEdits) {
    if let content = message["content"], content.isArray {
      let keeps = content.elements.map { block in Self.calledName(block).map { sieve?.keeps([$0]) ?? true } ?? true }
      edits.filter(content, keeps: keeps)
    }
    editStopReason(message, &edits)
  }

  private func editStopReason(_ object: JSONValue, _ edits: inout DocumentEdits) {
    guard sieve?.leavesNoCall() == true, let reason = object["stop_reason"], reason.isString("tool_use") else { return }
    edits.replace(reason, with: #""end_turn""#)
  }

  private static func calledName(_ block: JSONValue) -> String? {
    guard block["type"]?.isString("tool_use") == true else { return nil }
    return block["name"]?.string(maximumBytes: .max) ?? ""
  }
}
