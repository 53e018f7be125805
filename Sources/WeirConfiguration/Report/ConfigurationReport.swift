/// The effective configuration as `weir check` prints it; secrets are redacted.
public enum ConfigurationReport {
  /// A table of name, value and origin, then the warnings; every line ends with a line feed.
  public static func text(_ configuration: Configuration) -> String {
    let header = ["SETTING", "VALUE", "FROM"]
    let values = configuration.origins + configuration.sections
    let rows = [header] + values.map { [$0.name, shownText($0), $0.origin.description] }
    // One very long value must not push every origin out of sight.
    let widths = (0..<2).map { column in min(rows.map { $0[column].count }.max() ?? 0, 60) }
    var text = ""
    for row in rows {
      text += padded(row[0], to: widths[0]) + "  " + padded(row[1], to: widths[1]) + "  " + row[2] + "\n"
    }
    for warning in configuration.warnings { text += "\(warning)\n" }
    return text
  }

  /// `{"settings":[{"name","value","origin","reloadable"}],"sections":[…],"warnings":["…"]}`;
  /// the value is always text, null when unset.
  public static func json(_ configuration: Configuration) -> String {
    let warnings = configuration.warnings.map { JSONString.quoted($0.description) }
    return #"{"settings":[\#(json(configuration.origins))],"sections":[\#(json(configuration.sections))],"#
      + #""warnings":[\#(warnings.joined(separator: ","))]}"#
  }

  private static func json(_ values: [EffectiveValue]) -> String {
    let objects = values.map { value in
      let text = value.text.isEmpty ? "null" : JSONString.quoted(value.text)
      return #"{"name":\#(JSONString.quoted(value.name)),"value":\#(text),"#
        + #""origin":\#(JSONString.quoted(value.origin.description)),"#
        + #""reloadable":\#(value.isReloadable)}"#
    }
    return objects.joined(separator: ",")
  }

  private static func shownText(_ value: EffectiveValue) -> String {
    value.text.isEmpty ? "-" : value.text
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}
