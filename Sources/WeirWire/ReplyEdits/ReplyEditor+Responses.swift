/// OpenAI's Responses API. Calls of tools that the upstream runs itself are over when they are told of, and stay. Those
/// of built-in tools that the client runs (a shell, a screen, patches) come also where the request offers none: a stored
/// prompt or an earlier response may have brought the tool.
extension ReplyEditor {
  /// False for an event that tells of a forbidden call only.
  mutating func editResponsesEvent(_ root: JSONValue, _ edits: inout DocumentEdits) -> Bool {
    if let response = root["response"] { editResponse(response, &edits) }
    guard let index = root["output_index"], let number = index.tokenCount else { return true }
    let place = CallSieve.Place(choice: 0, index: number)
    if let item = root["item"], let names = Self.calledNames(item), sieve?.number(place, names: names) == nil {
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
    let keeps = output.elements.map { item in Self.calledNames(item).map { sieve?.keeps($0) ?? true } ?? true }
    edits.filter(output, keeps: keeps)
  }

  /// What a call that the client must answer names, in all the ways that its tool is called; nil for any other item.
  private static func calledNames(_ item: JSONValue) -> [String]? {
    guard let type = item["type"] else { return nil }
    if type.isString("function_call") || type.isString("custom_tool_call") {
      return [item["name"]?.string(maximumBytes: .max) ?? ""]
    }
    // In a container of the upstream's own it is the upstream that runs it.
    if type.isString("shell_call"), item["environment"]?["type"]?.isString("container_reference") == true { return nil }
    return type.string().flatMap { runByClients[$0] }
  }

  private static let runByClients: [String: [String]] = [
    "local_shell_call": ["local_shell", "local_shell_call"],
    "shell_call": ["shell", "shell_call"],
    "apply_patch_call": ["apply_patch", "apply_patch_call"],
    "computer_call": ["computer", "computer_use_preview", "computer_call"],
  ]
}
