import Foundation
import Testing
import WeirConfiguration

/// `WEIR_REWRITE_REFERENCE=1 swift test --filter ReferencePageTests` writes the tables anew.
@Suite("The page Reference.md")
struct ReferencePageTests {
  private let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources/weir/Documentation.docc/Reference.md").standardizedFileURL

  @Test("has the tables of settings and sections as the registries print them")
  func tables() throws {
    let text = try String(contentsOf: page, encoding: .utf8)
    let current = [SettingsReference.markdown(), SettingsReference.sectionsMarkdown()]
      .reduce(text, Self.replacing)
    if ProcessInfo.processInfo.environment["WEIR_REWRITE_REFERENCE"] != nil {
      try current.write(to: page, atomically: true, encoding: .utf8)
    } else {
      #expect(current == text, "run WEIR_REWRITE_REFERENCE=1 swift test --filter ReferencePageTests")
    }
  }

  /// Puts a table in the place of the one that has the same head.
  private static func replacing(in page: String, table: String) -> String {
    var lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let rows = table.split(separator: "\n")
    guard let head = rows.first, let start = lines.firstIndex(of: head) else { return "" }
    let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
    lines.replaceSubrange(start..<end, with: rows)
    return lines.joined(separator: "\n")
  }
}
