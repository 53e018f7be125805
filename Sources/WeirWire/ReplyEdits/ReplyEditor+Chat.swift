/// Chat and text completions.
extension ReplyEditor {
  /// False for the event that tells nothing but the usage, where that is hidden.
  mutating func editChunk(_ root: JSONValue, _ edits: inout DocumentEdits) -> Bool {
    if rules.hidesUsage, let usage = root["usage"], usage.isObject, let choices = root["choices"], choices.isArray,
      choices.elements.isEmpty, root["error"] == nil
    {
      return false
    }
    if sieve != nil { editChoices(root, &edits) }
    return true
  }

  /// Takes forbidden calls out of each choice of a chunk or of a whole reply.
  mutating func editChoices(_ root: JSONValue, _ edits: inout DocumentEdits) {
    guard let choices = root["choices"] else { return }
    for (position, choice) in choices.elements.enumerated() {
      let number = choice["index"]?.tokenCount ?? position
      if let message = choice["delta"] ?? choice["message"] {
        editLegacyCall(message, choice: number, &edits)
        if let calls = message["tool_calls"] { editCalls(calls, choice: number, &edits) }
      }
      guard let reason = choice["finish_reason"], sieve?.leavesNoCall(choice: number) == true,
        reason.isString("tool_calls") || reason.isString("function_call")
      else { continue }
      edits.replace(reason, with: #""stop""#)
    }
  }

  private mutating func editCalls(_ calls: JSONValue, choice: Int, _ edits: inout DocumentEdits) {
    guard calls.isArray else { return }
    var keeps: [Bool] = []
    for (position, call) in calls.elements.enumerated() {
      let declared = call["index"]
      let place = CallSieve.Place(choice: choice, index: declared?.tokenCount ?? position)
      let name = (call["function"] ?? call["custom"])?["name"]?.string(maximumBytes: .max)
      let number = sieve?.number(place, name: name, id: call["id"]?.string())
      keeps.append(number != nil)
      if let number, let declared, number != place.index { edits.replace(declared, with: String(number)) }
    }
    if keeps.isEmpty || keeps.contains(true) {
      edits.filter(calls, keeps: keeps)
    } else {
      edits.replace(calls, with: "null")
    }
  }

  /// OpenAI's first form, one call a choice.
  private mutating func editLegacyCall(_ message: JSONValue, choice: Int, _ edits: inout DocumentEdits) {
    guard let call = message["function_call"] else { return }
    let name = call["name"]?.string(maximumBytes: .max)
    if sieve?.number(.legacy(choice: choice), name: name) == nil { edits.replace(call, with: "null") }
  }
}
