extension Configuration {
  /// The audit log.
  public struct Audit: Sendable, Equatable {
    /// What happens while it cannot be written.
    public enum OnFailure: String, Sendable, CaseIterable {
      /// Requests are served, lines are lost and counted.
      case goOn = "continue"
      /// New requests are refused.
      case refuse
    }

    /// Nil writes none.
    public internal(set) var file: String?
    /// From this size on another file follows.
    public let maxBytes: Int
    /// Earlier files that are kept.
    public let keep: Int
    /// What happens while it cannot be written.
    public let onFailure: OnFailure
    /// Whether the bodies of refused requests are written.
    public let includesPrompts: Bool
  }

  /// Where notices are posted to.
  public struct Webhook: Sendable, Equatable {
    /// An `http` or `https` URL, which may hold a token.
    public let url: Secret
    /// Signs what is posted; nil leaves it unsigned.
    public let secret: Secret?
  }
}
