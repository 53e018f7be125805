/// Which tools may be named in a request and its reply, and what becomes of a reply that names another.
///
/// Names are matched with letter case ignored, so that no spelling of a denied name slips through.
public struct ToolPermissions: Sendable, Equatable {
  /// What becomes of a forbidden call in a reply.
  public enum OnReply: String, Sendable, CaseIterable {
    /// The client gets it as it is.
    case pass
    /// It is taken out, and the rest of the reply stays.
    case strip
    /// The client gets an error in place of the reply, or of what is left of it.
    case refuse
  }

  /// The tools that are allowed; empty allows all that `deny` does not name.
  public let allow: [ModelPattern]
  /// The tools that are forbidden, whatever `allow` says.
  public let deny: [ModelPattern]
  /// What becomes of a forbidden call in a reply.
  public let onReply: OnReply
  /// Further lists, each of which must allow a tool too.
  private var alsoAllow: [[ModelPattern]] = []

  /// Describes permissions.
  public init(allow: [ModelPattern] = [], deny: [ModelPattern] = [], onReply: OnReply = .pass) {
    self.allow = allow
    self.deny = deny
    self.onReply = onReply
  }

  /// Whether a tool may be offered and called that goes by several names: none of them is denied, and each list allows
  /// one. A tool without a name is not.
  public func allows(_ names: [String]) -> Bool {
    if names.isEmpty { return false }
    if names.contains(where: { name in deny.contains { $0.matches(name) } }) { return false }
    func isAllowed(by list: [ModelPattern]) -> Bool { names.contains { name in list.contains { $0.matches(name) } } }
    guard allow.isEmpty || isAllowed(by: allow) else { return false }
    return alsoAllow.allSatisfy(isAllowed)
  }

  /// What both allow; of their ways with replies, the stricter one.
  func joined(with other: ToolPermissions) -> ToolPermissions {
    let ways = [onReply, other.onReply]
    var joined = ToolPermissions(
      allow: allow, deny: deny + other.deny,
      onReply: ways.contains(.refuse) ? .refuse : ways.contains(.strip) ? .strip : .pass)
    joined.alsoAllow = alsoAllow + (other.allow.isEmpty ? [] : [other.allow]) + other.alsoAllow
    return joined
  }

  /// Whether replies are read for forbidden calls before the client gets them.
  public var editsReplies: Bool { onReply != .pass && !(allow.isEmpty && deny.isEmpty && alsoAllow.isEmpty) }

  /// Two permissions that make the same of every reply have the same, for the cache's key.
  var fingerprint: [String] {
    [onReply.rawValue] + allow.map { "+" + ModelName.folded($0.description) }
      + deny.map { "-" + ModelName.folded($0.description) }
      + alsoAllow.flatMap { ["&"] + $0.map { "+" + ModelName.folded($0.description) } }
  }
}
