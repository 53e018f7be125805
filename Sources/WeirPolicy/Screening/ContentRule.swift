public import WeirWire

/// What is looked for in the texts of requests, and what comes of a match.
public struct ContentRule: Sendable, Equatable {
  /// What comes of a match; the raw values are the label `action`.
  public enum Action: String, Sendable, CaseIterable {
    /// The request is refused.
    case block
    /// The upstream sees a placeholder.
    case redact
    /// The request passes, and is counted.
    case flag
  }

  /// What is looked for.
  public enum Content: Sendable, Equatable {
    /// A regular expression in RE2's syntax that `TextPatterns` takes.
    case pattern(String)
    /// What weir knows by itself.
    case builtIn(BuiltInContent)
  }

  /// What headers, metrics and messages call it.
  public var name: String
  /// What is looked for.
  public var content: Content
  /// What comes of a match.
  public var action: Action
  /// In whose texts.
  public var roles: TextRoles
  /// In which requests.
  public var scope: ScreeningScope
  /// What the upstream sees in a match's place.
  public var placeholder: String

  /// Without a placeholder, `[REDACTED:name]`.
  public init(
    name: String, content: Content, action: Action, roles: TextRoles = .all, scope: ScreeningScope = ScreeningScope(),
    placeholder: String? = nil
  ) {
    self.name = name
    self.content = content
    self.action = action
    self.roles = roles
    self.scope = scope
    self.placeholder = placeholder ?? "[REDACTED:\(name)]"
  }

  /// How to look for it, a pattern and a probe for each kind of thing.
  var detectors: [(pattern: String, probe: RequestScreen.Probe)] {
    switch content {
    case .pattern(let pattern): [(pattern, RequestScreen.Probe(roles: roles))]
    case .builtIn(let builtIn):
      builtIn.detectors.map { detector in
        (
          detector.pattern,
          RequestScreen.Probe(
            roles: roles, check: detector.check, looksWithin: detector.looksWithin, isLocal: true)
        )
      }
    }
  }
}
