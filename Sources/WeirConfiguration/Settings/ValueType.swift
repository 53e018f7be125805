/// What a source holds for a setting before it is parsed.
enum RawContent: Sendable, Equatable {
  /// A variable's value, or a YAML scalar as it is spelled.
  case text(String)
  /// The entries of a YAML list.
  case items([String])

  /// The entries; text is split at its commas.
  var items: [String] {
    switch self {
    case .text(let text):
      text.split(separator: ",", omittingEmptySubsequences: false).map { ASCII.trimmed($0) }
    case .items(let items): items
    }
  }

  /// Whether it says `off`, letter case ignored.
  var isOff: Bool {
    guard case .text(let text) = self else { return false }
    return ASCII.trimmed(text).lowercased() == "off"
  }
}

/// The YAML shapes in which a value may be given.
enum YAMLShape: Sendable {
  case scalar, list
}

/// A type of settings: how a value is read, written and described.
struct ValueType<Value: Sendable>: Sendable {
  /// What the reference calls it, for example `seconds`.
  let name: String
  let shape: YAMLShape
  let parse: @Sendable (RawContent) throws(ValueProblem) -> Value
  /// The spelling that `parse` takes; secrets give `***`, an absent value gives nothing.
  let spell: @Sendable (Value) -> String

  /// A type that is read from one text.
  init(
    _ name: String, parse: @escaping @Sendable (String) throws(ValueProblem) -> Value,
    spell: @escaping @Sendable (Value) -> String
  ) {
    self.name = name
    shape = .scalar
    self.parse = { content throws(ValueProblem) in
      guard case .text(let text) = content else {
        throw ValueProblem("a list stands where one value belongs", fix: "give one value")
      }
      return try parse(ASCII.trimmed(text))
    }
    self.spell = spell
  }

  /// A type that is read from entries.
  init(
    _ name: String, shape: YAMLShape,
    parseItems: @escaping @Sendable ([String]) throws(ValueProblem) -> Value,
    spell: @escaping @Sendable (Value) -> String
  ) {
    self.name = name
    self.shape = shape
    parse = { content throws(ValueProblem) in try parseItems(content.items) }
    self.spell = spell
  }

  private init(
    name: String, shape: YAMLShape, content: @escaping @Sendable (RawContent) throws(ValueProblem) -> Value,
    spell: @escaping @Sendable (Value) -> String
  ) {
    self.name = name
    self.shape = shape
    parse = content
    self.spell = spell
  }

  /// The same type with `off` for nil.
  var orOff: ValueType<Value?> {
    ValueType<Value?>(
      name: "\(name) or `off`", shape: shape,
      content: { content throws(ValueProblem) in content.isOff ? nil : try self.parse(content) },
      spell: { $0.map(self.spell) ?? "off" })
  }

  /// The same type with `off` as another spelling of `value`.
  func withOff(meaning value: Value) -> ValueType {
    ValueType(
      name: name, shape: shape,
      content: { content throws(ValueProblem) in content.isOff ? value : try self.parse(content) }, spell: spell)
  }

  /// The same type with nil for "not set".
  var optional: ValueType<Value?> {
    ValueType<Value?>(
      name: name, shape: shape,
      content: { content throws(ValueProblem) in try self.parse(content) },
      spell: { $0.map(self.spell) ?? "" })
  }
}
