/// One file of the tree.
struct SourceFile {
  /// From the repository's root, for example `Sources/WeirWire/Endpoint.swift`.
  let path: String
  /// As it is on disk.
  let text: String
  /// The text with comments and string literals blanked, line for line: what rules about code look at, so
  /// that a word in a sentence breaks no rule. Code inside interpolations stays.
  let code: String

  init(path: String, text: String) {
    self.path = path
    self.text = text
    code = CodeOnly.of(text)
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The target's name: the second part of the path.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isSource: Bool { path.hasPrefix("Sources/") }
  var isPure: Bool { isSource && isSwift && ["WeirMetrics", "WeirWire", "WeirPolicy"].contains(target) }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// A broken rule and its place.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let what: String

  var description: String { "\(path):\(line): \(what)" }
}
