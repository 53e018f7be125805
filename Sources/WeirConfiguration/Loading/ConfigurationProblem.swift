/// Something wrong with the configuration, with its place and its remedy; never shows a secret.
public struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whether weir starts all the same.
  public enum Severity: String, Sendable {
    /// weir does not start, or keeps the configuration it has.
    case error
    /// weir starts; the operator should know.
    case warning
  }

  /// Whether weir starts all the same.
  public let severity: Severity
  /// A file's path, `environment` or `command line`.
  public let source: String
  /// Counted from 1; nil where there is no line to name.
  public let line: Int?
  /// The variable or the YAML path; nil where the file as a whole is meant.
  public let key: String?
  /// What is wrong.
  public let what: String
  /// What would be right.
  public let fix: String
  /// A rule that names what does not exist, or can never have an effect: a warning for a running proxy, a
  /// failure for `weir check`.
  public let isDeadRule: Bool

  init(
    _ severity: Severity, source: String, line: Int? = nil, key: String? = nil, what: String, fix: String,
    isDeadRule: Bool = false
  ) {
    self.severity = severity
    self.source = source
    self.line = line
    self.key = key
    self.what = what
    self.fix = fix
    self.isDeadRule = isDeadRule
  }

  init(
    _ severity: Severity, at origin: ValueOrigin, key: String, what: String, fix: String,
    isDeadRule: Bool = false
  ) {
    let source: String
    var lineNumber: Int?
    switch origin {
    case .file(let path, let line): (source, lineNumber) = (path, line)
    case .environment: source = "environment"
    case .flag: source = "command line"
    case .builtIn: source = "configuration"
    }
    self.init(
      severity, source: source, line: lineNumber, key: key, what: what, fix: fix, isDeadRule: isDeadRule)
  }

  /// `file:line: key: what; fix`, warnings marked as such.
  public var description: String {
    let place = line.map { "\(source):\($0)" } ?? source
    let subject = key.map { "\($0): " } ?? ""
    let mark = severity == .warning ? "warning: " : ""
    return "\(place): \(mark)\(subject)\(what); \(fix)"
  }
}

/// All problems of one attempt to load, at least one of them an error.
public struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
  /// Errors and warnings in the order of their sources.
  public let all: [ConfigurationProblem]

  init(_ all: [ConfigurationProblem]) {
    self.all = all
  }

  /// Those that keep weir from starting.
  public var errors: [ConfigurationProblem] { all.filter { $0.severity == .error } }

  /// One problem a line.
  public var description: String { all.map(\.description).joined(separator: "\n") }
}
