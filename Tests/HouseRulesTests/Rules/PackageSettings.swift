/// The manifest promises the strict settings once, spelled rightly, and gives them to every Swift target.
enum PackageSettings {
  /// What `strict` must hold. The compiler accepts a misspelt feature in silence, so each name is checked here.
  private static let required = [
    ".swiftLanguageMode(.v6)", ".enableUpcomingFeature(\"ExistentialAny\")",
    ".enableUpcomingFeature(\"InternalImportsByDefault\")",
    ".enableUpcomingFeature(\"MemberImportVisibility\")",
    ".strictMemorySafety()", ".treatAllWarnings(as: .error)",
  ]

  /// `swiftc -print-supported-features` of Swift 6.3: the upcoming ones that language mode 6 leaves off.
  private static let upcomingFeatures: Set<String> = [
    "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "InferIsolatedConformances",
    "NonisolatedNonsendingByDefault", "ImmutableWeakCaptures",
  ]

  static func violations(in manifest: SourceFile) throws -> [Violation] {
    // Comments must not count, and string literals must, so lines are cut at their comments only.
    let text = manifest.lines.map(\.withoutComment).joined(separator: "\n")
    var found: [String] = []
    for setting in required {
      let count = text.ranges(of: setting).count
      if count != 1 { found.append("\(setting) is there \(count) times instead of once") }
    }
    let feature = try Pattern.capturing(
      #"enable(?:Upcoming|Experimental)Feature\(\s*"([^"]*)""#)
    for match in text.matches(of: feature) where !upcomingFeatures.contains(String(match.output.1)) {
      found.append("\(match.output.1) is not a known upcoming feature")
    }
    found += try targetsWithoutSettings(text).map { "the target \($0) lacks swiftSettings: strict" }
    return found.map { Violation(path: manifest.path, line: 1, what: $0) }
  }

  /// Swift targets, tests and executables among them, whose declaration does not mention the settings. C targets
  /// are told by their names.
  private static func targetsWithoutSettings(_ text: String) throws -> [String] {
    let declaration = try Pattern.capturing(
      #"\.(?:target|executableTarget|testTarget|macro|plugin)\(\s*name:\s*"([^"]*)""#)
    let matches = text.matches(of: declaration)
    return matches.indices.compactMap { index in
      let name = String(matches[index].output.1)
      let end = index + 1 < matches.count ? matches[index + 1].range.lowerBound : text.endIndex
      let isSwift = !name.hasPrefix("CWeir")
      return isSwift && !text[matches[index].range.lowerBound..<end].contains("swiftSettings: strict")
        ? name : nil
    }
  }
}

extension Substring {
  /// Up to the comment mark, which is none right after a colon: that is a URL's.
  fileprivate var withoutComment: Substring {
    let mark = ranges(of: "//").map(\.lowerBound).first { $0 == startIndex || self[index(before: $0)] != ":" }
    return mark.map { self[..<$0] } ?? self
  }
}
