/// OpenAI's Responses API. Calls of tools that the upstream runs itself are over when they are told of, and stay.
extension ReplyEditor {
  /// False for an event that tells of a forbidden call only.
  mutating func editResponsesEvent(_ root: JSONValue, _ edits: inout DocumentEdits) -> Bool {
    if let response = root["response"] { editResponse(response, &edits) }
    guard let index = root["output_index"], let number = index.tokenCount else { return true }
    let place = CallSieve.Place(choice: 0, index: number)
    if let item = root["item"], let name = Self.calledName(item), sieve?.number(place, name: name) == nil {
      return false
    }
    guard let sieve, !sieve.isStripped(place) else { return false }
    let moved = sieve.number(of: place)
    if moved != number { edits.replace(index, with: String(moved)) }
    return true
  }

  /// Takes forbidden calls out of a response object.
  mutating func editResponse(_ response: JSONValue, _ edits: inout DocumentEdits) {
    guard let output = response["output"], output.isArray else { return }
    let keeps = output.elements.map { item in Self.calledName(item).map { sieve?.keeps($0) ?? true } ?? true }
    edits.filter(output, keeps: keeps)
  }

  /// What a call that the client must answer names; nil for any other item.
  private static func calledName(_ item: JSONValue) -> String? {
    guard let type = item["type"], type.isString("function_call") || type.isString("custom_tool_call") else {
      return nil
    }
    return item["name"]?.string(maximumBytes: .max) ?? ""
  }
}
