/// Text to value, one function a type; each throws what is wrong and what would be right.
enum ValueParsers {
  /// `true` or `false` in any of the usual spellings, letter case ignored.
  static func boolean(_ text: String) throws(ValueProblem) -> Bool {
    switch text.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default:
      throw ValueProblem("\(ValueProblem.quoted(text)) is neither true nor false", fix: "write true or false")
    }
  }

  /// One of an enumeration's raw values, letter case ignored.
  static func choice<Choice: RawRepresentable & CaseIterable>(
    _ text: String, of type: Choice.Type
  ) throws(ValueProblem) -> Choice where Choice.RawValue == String {
    if let choice = type.init(rawValue: text.lowercased()) { return choice }
    let names = type.allCases.map(\.rawValue)
    throw ValueProblem(
      "\(ValueProblem.quoted(text)) is not one of \(names.joined(separator: ", "))",
      fix: NearestName.of(text, among: names).map { "did you mean \($0)?" } ?? "choose one of them")
  }

  /// A path, as the system takes it.
  static func path(_ text: String) throws(ValueProblem) -> String {
    guard !ASCII.hasControl(text) else {
      throw ValueProblem(
        "the path holds a control character", fix: "remove it; a line feed may have been pasted")
    }
    return text
  }

  /// A model's name as clients and upstreams spell it: it travels in headers, so visible ASCII only.
  static func model(_ text: String) throws(ValueProblem) -> String {
    guard ASCII.isVisible(text), !text.isEmpty, text.utf8.count <= 256 else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a model name",
        fix: "use up to 256 visible ASCII characters without blanks, for example moonshotai/kimi-k2")
    }
    return text
  }

  /// At least one model name.
  static func models(_ items: [String]) throws(ValueProblem) -> [String] {
    guard !items.isEmpty else {
      throw ValueProblem("the list of models is empty", fix: "name at least one model")
    }
    var models: [String] = []
    for item in items {
      guard !item.isEmpty else {
        throw ValueProblem("the list has an empty entry", fix: "remove the surplus comma")
      }
      guard !item.contains(",") else {
        throw ValueProblem(
          "\(ValueProblem.quoted(item)) holds a comma", fix: "give each model an entry of its own")
      }
      models.append(try model(item))
    }
    return models
  }

  /// A name that is sent in a header: no control characters, at most 256 bytes.
  static func siteName(_ text: String) throws(ValueProblem) -> String {
    guard !ASCII.hasControl(text), text.utf8.count <= 256 else {
      throw ValueProblem(
        "the name cannot be sent in a header", fix: "use at most 256 bytes without control characters")
    }
    return text
  }
}
