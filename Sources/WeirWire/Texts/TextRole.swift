/// Who a text of a request is from.
public enum TextRole: UInt8, Sendable, CaseIterable {
  /// The end user, and whatever names nobody.
  case user
  /// The operator of the application: system and developer messages, `system`, `instructions`.
  case system
  /// The model, in an earlier turn; its tool calls too.
  case assistant
  /// The result of a tool.
  case tool

  /// The name in the configuration.
  public var name: String {
    switch self {
    case .user: "user"
    case .system: "system"
    case .assistant: "assistant"
    case .tool: "tool"
    }
  }
}

/// A set of roles.
public struct TextRoles: OptionSet, Sendable, Equatable {
  /// A bit for each role.
  public let rawValue: UInt8

  /// Takes a bit for each role.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Holds the roles given.
  public init(_ roles: [TextRole]) {
    self.init(rawValue: roles.reduce(0) { $0 | 1 << $1.rawValue })
  }

  /// Every role.
  public static let all = TextRoles(TextRole.allCases)

  /// Whether a role is in the set.
  public func has(_ role: TextRole) -> Bool { rawValue & 1 << role.rawValue != 0 }
}
