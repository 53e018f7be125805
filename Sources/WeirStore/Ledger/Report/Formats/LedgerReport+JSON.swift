extension LedgerReport {
  /// One JSON object: `since`, `by`, `total` and `groups`, each group with its values under the dimensions' names and its
  /// numbers; null where there is no value.
  public var json: String {
    var text = ""
    writeJSON { text += $0 }
    return text
  }

  /// Gives `json` in pieces: the whole of it may be many times as large as the report, which has a group a user.
  public func writeJSON(_ write: @escaping (String) -> Void) {
    var pieces = ReportPieces(write)
    let since = query.sinceMilliseconds.map { Self.quoted(UTCDay.text(milliseconds: $0)) } ?? "null"
    let by = query.dimensions.map { Self.quoted($0.rawValue) }.joined(separator: ",")
    pieces.add(
      """
      {
        "since":\(since),
        "by":[\(by)],
        "total":{\(Self.members(total).joined(separator: ","))},
        "groups":[
      """)
    for (index, group) in groups.enumerated() {
      let values = zip(query.dimensions, group.values).map { dimension, value in
        "\(Self.quoted(dimension.rawValue)):\(value.map(Self.quoted) ?? "null")"
      }
      let members = (values + Self.members(group.totals)).joined(separator: ",")
      pieces.add((index > 0 ? "," : "") + "\n    {" + members + "}")
    }
    pieces.add((groups.isEmpty ? "" : "\n  ") + "]\n}")
    pieces.end()
  }

  private static func members(_ totals: LedgerTotals) -> [String] {
    totals.fields.map { "\(quoted($0.name)):\($0.text ?? "null")" }
  }

  /// RFC 8259, section 7. What a terminal could take for a command is escaped too.
  private static func quoted(_ text: String) -> String {
    // Nearly every text, and the names of all numbers; scalar by scalar takes ten times as long.
    let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
    if isPlain { return "\"\(text)\"" }
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case _ where scalar.isControl:
        let digits = String(scalar.value, radix: 16)
        json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }
}

extension Unicode.Scalar {
  /// The control characters of ASCII and Latin-1.
  var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
