extension LedgerReport {
  /// RFC 4180: a line of names, then one a group, or one of the total where nothing is grouped. A text that a spreadsheet
  /// would take for a formula gets an apostrophe in front, since users name themselves.
  public var csv: String {
    let names = query.dimensions.map(\.rawValue) + total.fields.map(\.name)
    let lines =
      query.dimensions.isEmpty ? [Self.line([], total)] : groups.map { Self.line($0.values, $0.totals) }
    return ([names.joined(separator: ",")] + lines).joined(separator: "\r\n")
  }

  private static func line(_ values: [String?], _ totals: LedgerTotals) -> String {
    (values.map { cell($0 ?? "") } + totals.fields.map { $0.text ?? "" }).joined(separator: ",")
  }

  private static func cell(_ text: String) -> String {
    let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
    let text = isFormula ? "'" + text : text
    // By scalars: a carriage return and a line feed are one character.
    guard text.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
