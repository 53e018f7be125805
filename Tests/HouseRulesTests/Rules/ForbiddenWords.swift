/// Words that must not occur in the code of some files.
struct ForbiddenWords {
  /// Each with its pattern and what to do instead.
  private let words: [(pattern: String, what: String)]

  /// The pure targets are given the time and randomness, and leave speaking to others.
  static let inPureTargets = ForbiddenWords(words: [
    (#"\bDate\("#, "a clock is read: pass the time in"),
    (#"\.now\b"#, "a clock is read: pass the time in"),
    (#"\b(ContinuousClock|SuspendingClock)\b"#, "a clock is read: pass the time in"),
    (#"\bclock_gettime\("#, "a clock is read: pass the time in"),
    (
      #"\.(random|randomElement|shuffled|shuffle)\((?!.*\busing:)"#,
      "randomness is drawn: pass a generator in"
    ),
    (#"\bSystemRandomNumberGenerator\b"#, "randomness is drawn: pass a generator in"),
    (#"\b(getenv|environ|ProcessInfo)\b"#, "the environment is read: pass the setting in"),
    (#"\b(print|debugPrint|dump)\("#, "something is printed: return it"),
  ])

  /// What can end the process on data from outside.
  static let inSources = ForbiddenWords(words: [
    (#"\btry!"#, "try! ends the process: handle the error"),
    (#"\bas!"#, "as! ends the process: use as?"),
    (#"\bfatalError\("#, "fatalError ends the process: throw or return"),
    (
      #"(?!\b(?:try|as)!)(?:\b\w+|[\])}">])!(?!=)(?=[\s.,;:()\[\]{}?]|$)"#,
      "a force unwrap ends the process: bind the value"
    ),
  ])

  /// Only ProcessEnvironment.swift reads the environment.
  static let ofTheEnvironment = ForbiddenWords(words: [
    (
      #"\b(getenv|secure_getenv|environ|ProcessInfo)\b"#,
      "the environment is read: take the setting from Configuration"
    )
  ])

  /// Names that say nothing.
  static let inNames = ForbiddenWords(words: [
    (
      #"\b(?:class|struct|enum|actor|protocol|typealias)\s+\w*(?:Manager|Helper|Helpers|Util|Utils|Utilities)\b"#,
      "the name says nothing: name the concept"
    )
  ])

  func violations(in file: SourceFile) throws -> [Violation] {
    try violations(in: file.codeLines, of: file)
  }

  /// Work left for later, in code and comments alike.
  static func unfinished(in file: SourceFile) throws -> [Violation] {
    let marks = ForbiddenWords(words: [(#"\b(?:TODO|FIXME)\b"#, "work is left: do it or leave it out")])
    return try marks.violations(in: file.lines, of: file)
  }

  private func violations(in lines: [Substring], of file: SourceFile) throws -> [Violation] {
    var found: [Violation] = []
    for (pattern, what) in words {
      let regex = try Pattern.matching(pattern)
      for (index, line) in lines.enumerated() where line.contains(regex) {
        found.append(Violation(path: file.path, line: index + 1, what: what))
      }
    }
    return found
  }
}
