import Foundation

/// The repository that these tests were compiled from.
enum SourceTree {
  /// Every source and test file, in the order of their paths.
  static func files() throws -> [SourceFile] {
    try ["Sources", "Tests"].flatMap { try files(below: $0) }
  }

  /// The text of one file, or nil when there is none.
  static func text(_ path: String) -> String? {
    try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// From this file's own place: Tests/HouseRulesTests/Reading/SourceTree.swift. Links are followed, since the
  /// tests may be built in a package that links to their folder.
  private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) {
    url, _ in
    url.deletingLastPathComponent()
  }

  private static let extensions: Set<String> = ["swift", "c", "h", "cpp", "hpp"]

  private static func files(below folder: String) throws -> [SourceFile] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
    return try paths.sorted().filter { extensions.contains(URL(fileURLWithPath: $0).pathExtension) }
      .map { path in
        let url = root.appendingPathComponent(folder).appendingPathComponent(path)
        return SourceFile(path: "\(folder)/\(path)", text: try String(contentsOf: url, encoding: .utf8))
      }
  }
}
