public import WeirWire

extension Exchange {
  /// Whether something may be taken out of the reply before the client gets it.
  public var editsReply: Bool { hidesStreamUsage || toolPermissions?.editsReplies == true }

  /// What is taken out of the reply; nil where nothing is.
  public var replyRules: ReplyRules? {
    guard editsReply else { return nil }
    var tools: ReplyRules.Tools?
    if let permissions = toolPermissions, permissions.editsReplies {
      tools = ReplyRules.Tools(refuses: permissions.onReply == .refuse) { permissions.allows($0) }
    }
    return ReplyRules(hidesUsage: hidesStreamUsage, tools: tools)
  }

  /// Replies to requests for which this differs are not the same, whatever was sent upstream; for the cache's key.
  public var replyFingerprint: [String] {
    guard editsReply else { return [] }
    let permissions = toolPermissions.flatMap { $0.editsReplies ? $0.fingerprint : nil } ?? []
    return (hidesStreamUsage ? ["usage"] : []) + permissions
  }
}
