extension LedgerReport {
  /// RFC 4180: a line of names, then one a group, or one of the total where nothing is grouped. A text that a spreadsheet
  /// would take for a formula gets an apostrophe in front, since users name themselves.
  public var csv: String {
    var text = ""
    writeCSV { text += $0 }
    return text
  }

  /// Gives `csv` in pieces; see `writeJSON`.
  public func writeCSV(_ write: @escaping (String) -> Void) {
    var pieces = ReportPieces(write)
    pieces.add((query.dimensions.map(\.rawValue) + total.fields.map(\.name)).joined(separator: ","))
    if query.dimensions.isEmpty { pieces.add("\r\n" + Self.line([], total)) }
    // Without dimensions there are no groups.
    for group in groups { pieces.add("\r\n" + Self.line(group.values, group.totals)) }
    pieces.end()
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
