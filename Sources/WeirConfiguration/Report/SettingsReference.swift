/// The reference of all settings, made from the registry so that it cannot fall behind.
public enum SettingsReference {
  /// A Markdown table of the variables, one row a setting; ends with a line feed.
  public static func markdown() -> String {
    var text = """
      | variable | YAML key | type | default | meaning |
      | --- | --- | --- | --- | --- |

      """
    for entry in Settings.all {
      text += "| \(names(entry)) | \(entry.yamlPath.map { "`\($0)`" } ?? "") | \(entry.typeName) "
      text += "| \(entry.defaultText.isEmpty ? "" : "`\(entry.defaultText)`") | \(meaning(entry)) |\n"
    }
    return text
  }

  /// A Markdown table of the YAML keys that no variable says, one row a key; ends with a line feed.
  public static func sectionsMarkdown() -> String {
    var text = """
      | YAML key | type | meaning |
      | --- | --- | --- |

      """
    for key in SectionKeys.all {
      let doc = key.doc + (key.isRequired ? "; required" : "")
      text += "| `\(key.path)` | \(key.typeName) | \(doc). |\n"
    }
    return text
  }

  private static func names(_ entry: SettingEntry) -> String {
    let others = entry.aliases + entry.sharedNames
    guard !others.isEmpty else { return "`\(entry.name)`" }
    return "`\(entry.name)` (also \(others.map { "`\($0)`" }.joined(separator: ", ")))"
  }

  private static func meaning(_ entry: SettingEntry) -> String {
    var text = entry.doc + "."
    if entry.isSecret { text += " Redacted wherever it is shown." }
    if !entry.isReloadable { text += " Takes a restart." }
    return text
  }
}
