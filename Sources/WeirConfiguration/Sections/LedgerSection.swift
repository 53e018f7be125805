import WeirWire

extension SectionReader {
  /// `ledger.redact`, each expression tried out. `sections` are the file's, by path.
  mutating func redactions(_ sections: [String: SectionField]) -> [Located<String>] {
    // Not split at commas, which expressions have.
    guard let field = sections["ledger.redact"] else { return [] }
    guard case .list(let items) = field.node.content else {
      report(field, "the value is no list", fix: "begin each expression with a dash")
      return []
    }
    let found = items.enumerated().compactMap { index, item in
      let inner = SectionField(name: field.name, key: "\(field.key)[\(index + 1)]", line: item.line, node: item)
      return located(inner) { text throws(ValueProblem) in try Self.expression(text) }
    }
    if (try? TextRedactor(found.map(\.value))) == nil {
      report(field, "there are \(found.count) expressions", fix: "keep at most 64")
    }
    return found
  }

  private static func expression(_ text: String) throws(ValueProblem) -> String {
    do throws(TextRedactor.Fault) {
      _ = try TextRedactor([text])
      return text
    } catch {
      switch error {
      case .malformed:
        throw ValueProblem(
          "\(ValueProblem.quoted(text)) is no regular expression of RE2",
          fix: "correct it; RE2 has neither look-around nor back references")
      case .matchesNothing:
        throw ValueProblem(
          "\(ValueProblem.quoted(text)) fits the empty text, and so every place",
          fix: "make it demand at least one character")
      case .tooMuch:
        throw ValueProblem("the expression is longer than 2048 bytes, or needs too much memory", fix: "shorten it")
      }
    }
  }
}
