public import WeirWire

/// What is looked for in requests before they go upstream; made with the configuration, never changed.
public struct ScreeningPolicy: Sendable {
  /// What becomes of bodies that weir does not read.
  public enum Unread: String, Sendable, CaseIterable {
    /// They go upstream as they are.
    case pass
    /// They are refused.
    case refuse
  }

  /// In the operator's order; all that cover a request apply.
  public let tokens: [TokenRule]
  /// In the operator's order; all that cover a request apply.
  public let tools: [ToolRule]
  /// In the operator's order; all that cover a request apply.
  public let rules: [ContentRule]
  /// What becomes of bodies that weir does not read.
  public let unread: Unread

  /// The patterns of all rules; those of one rule stand together.
  let patterns: TextPatterns?
  /// For each pattern, its rule and how to look for it.
  let detectors: [(rule: Int, probe: RequestScreen.Probe)]
  /// The rules' placeholders as they stand within a JSON string.
  let placeholders: [String]

  /// Nothing is looked for.
  public static let none = ScreeningPolicy()

  private init() {
    (tokens, tools, rules, unread, patterns, detectors, placeholders) = ([], [], [], .pass, nil, [], [])
  }

  /// Puts the rules together.
  ///
  /// - Throws: where a pattern cannot be used, or there is no memory for all of them.
  public init(
    rules: [ContentRule] = [], tokens: [TokenRule] = [], tools: [ToolRule] = [], unread: Unread = .pass
  ) throws(PatternFault) {
    self.tokens = tokens
    self.tools = tools
    self.rules = rules
    self.unread = unread
    var detectors: [(rule: Int, probe: RequestScreen.Probe)] = []
    var texts: [String] = []
    for (index, rule) in rules.enumerated() {
      for detector in rule.detectors {
        texts.append(detector.pattern)
        detectors.append((index, detector.probe))
      }
    }
    patterns = texts.isEmpty ? nil : try TextPatterns(texts)
    self.detectors = detectors
    placeholders = rules.map { String(JSONText.quoted($0.placeholder).dropFirst().dropLast()) }
  }

  /// Whether a request that weir reads may be touched.
  var isOn: Bool { !rules.isEmpty || !tokens.isEmpty || !tools.isEmpty }

  /// The members that an envelope must know by name.
  var memberNames: [String] { tools.isEmpty ? [] : ScreenTools.memberNames }
}
