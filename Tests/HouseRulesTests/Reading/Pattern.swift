/// Regular expressions in which `\b` is the border of an identifier.
///
/// Swift's own default is Unicode's word border, which sees one word in `ProcessInfo.processInfo`: a rule would
/// pass over it in silence.
enum Pattern {
  static func matching(_ pattern: String) throws -> Regex<AnyRegexOutput> {
    try Regex(pattern).wordBoundaryKind(.simple).asciiOnlyWordCharacters().anchorsMatchLineEndings()
  }

  /// With one group.
  static func capturing(_ pattern: String) throws -> Regex<(Substring, Substring)> {
    try Regex(pattern, as: (Substring, Substring).self).wordBoundaryKind(.simple).asciiOnlyWordCharacters()
      .anchorsMatchLineEndings()
  }
}
