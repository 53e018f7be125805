extension ValueParsers {
  /// The most that may be added to a system prompt, in bytes.
  static let longestPrompt = 65_536

  /// A model's id: its name without a wildcard.
  static func modelID(_ text: String) throws(ValueProblem) -> String {
    guard !text.contains("*") else {
      throw ValueProblem("an id names one model", fix: "leave the * out, or use it in aliases")
    }
    return try model(text)
  }

  /// A model's other name: exact, or a prefix followed by `*`.
  static func alias(_ text: String) throws(ValueProblem) -> String {
    guard text != "*", !text.dropLast().contains("*") else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not an alias",
        fix: "write a name, or the beginning of names followed by one *, for example kimi-*")
    }
    return try model(text)
  }

  /// A name that travels in headers, metrics and paths: 1 to 64 of `A-Z a-z 0-9 . _ -`.
  static func name(_ text: String) throws(ValueProblem) -> String {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isNameByte) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a name", fix: "use 1 to 64 of the characters A-Z a-z 0-9 . _ -")
    }
    return text
  }

  /// A line of text for people.
  static func caption(_ text: String) throws(ValueProblem) -> String {
    guard !ASCII.hasControl(text), text.utf8.count <= 1024 else {
      throw ValueProblem("the text is not one short line", fix: "use at most 1024 bytes without line breaks")
    }
    return text
  }

  /// A user's id, as clients send it.
  static func user(_ text: String) throws(ValueProblem) -> String {
    guard !text.isEmpty, text.utf8.count <= 1024 else {
      throw ValueProblem(
        "the user's id is empty or longer than 1024 bytes", fix: "write it as clients send it")
    }
    return text
  }

  /// A top-level member of a request that rules may touch.
  static func parameter(_ text: String) throws(ValueProblem) -> String {
    let parameter = try name(text)
    guard !reservedMembers.contains(parameter) else {
      throw ValueProblem("\(parameter) is not a parameter that rules may change", fix: "remove the rule")
    }
    return parameter
  }

  /// What decides where a request goes, how it is answered, or what it asks.
  private static let reservedMembers: Set<String> = [
    "model", "models", "messages", "input", "prompt", "system", "instructions", "stream", "stream_options",
    "tools", "user", "metadata", "safety_identifier",
  ]
}
