extension LedgerReport {
  /// One JSON object: `since`, `by`, `total` and `groups`, each group with its values under the dimensions' names and its
  /// numbers; null where there is no value.
  public var json: String {
    let since = query.sinceMilliseconds.map { Self.quoted(UTCDay.text(milliseconds: $0)) } ?? "null"
    let by = query.dimensions.map { Self.quoted($0.rawValue) }.joined(separator: ",")
    let lines = groups.map { group in
      let values = zip(query.dimensions, group.values).map { dimension, value in
        "\(Self.quoted(dimension.rawValue)):\(value.map(Self.quoted) ?? "null")"
      }
      return "\n    {" + (values + Self.members(group.totals)).joined(separator: ",") + "}"
    }
    return """
      {
        "since":\(since),
        "by":[\(by)],
        "total":{\(Self.members(total).joined(separator: ","))},
        "groups":[\(lines.joined(separator: ","))\(lines.isEmpty ? "" : "\n  ")]
      }
      """
  }

  private static func members(_ totals: LedgerTotals) -> [String] {
    totals.fields.map { "\(quoted($0.name)):\($0.text ?? "null")" }
  }

  /// RFC 8259, section 7. What a terminal could take for a command is escaped too.
  private static func quoted(_ text: String) -> String {
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
