/// A value and the key and line where it stands.
struct Located<Value> {
  let value: Value
  let key: String
  let line: Int

  /// Where it stands, in a file.
  func origin(in path: String) -> ValueOrigin { .file(path: path, line: line) }
}

extension SectionReader {
  /// One value with its place; nil when absent or wrong.
  mutating func located<Value>(
    _ field: SectionField?, _ parse: (String) throws(ValueProblem) -> Value
  ) -> Located<Value>? {
    guard let field, let value = value(field, parse) else { return nil }
    return Located(value: value, key: field.key, line: field.line)
  }

  /// A list of values with their places, wrong ones left out.
  mutating func locatedValues<Value>(
    _ field: SectionField?, _ parse: (String) throws(ValueProblem) -> Value
  ) -> [Located<Value>] {
    guard let field else { return [] }
    return values(field, parse).map { Located(value: $0.value, key: field.key, line: $0.line) }
  }

  /// A list that narrows a rule must not turn into one that takes everything when it loses its last entry.
  mutating func refuseEmpty(_ field: SectionField?, _ meaning: String) {
    guard let field, case .list(let items) = field.node.content, items.isEmpty else { return }
    report(field, "the list is empty", fix: "give it an entry, or leave the key out \(meaning)")
  }

  /// A whole number from 1.
  mutating func count(_ field: SectionField?, upTo maximum: Int) -> Int? {
    value(field) { text throws(ValueProblem) in try ValueParsers.integer(text, in: 1...maximum) }
  }

  /// A time above zero.
  mutating func seconds(_ field: SectionField?) -> Duration? {
    value(field) { text throws(ValueProblem) in try ValueParsers.seconds(text, minimumMilliseconds: 1) }
  }
}

extension Duration {
  /// Whole nanoseconds; settings are bounded to a week, so it always fits.
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
