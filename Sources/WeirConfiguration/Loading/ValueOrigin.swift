/// Where a setting's value came from.
public enum ValueOrigin: Sendable, Equatable, CustomStringConvertible {
  /// Nobody gave one.
  case builtIn
  /// A variable of the process environment.
  case environment(name: String)
  /// A line of the env file or the YAML file.
  case file(path: String, line: Int)
  /// A flag of the command line, which goes before everything else.
  case flag(name: String)

  /// `default`, `environment NAME`, `FILE:LINE` or the flag.
  public var description: String {
    switch self {
    case .builtIn: "default"
    case .environment(let name): "environment \(name)"
    case .file(let path, let line): "\(path):\(line)"
    case .flag(let name): name
    }
  }
}

/// One row of `weir check`.
public struct EffectiveValue: Sendable, Equatable {
  /// The setting's first variable name.
  public let name: String
  /// The value as text, `***` in place of secrets, empty when unset.
  public let text: String
  /// Where it came from.
  public let origin: ValueOrigin
  /// Whether a reload applies a new value.
  public let isReloadable: Bool
}
