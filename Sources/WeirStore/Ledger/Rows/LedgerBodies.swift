/// What a client asked and what it was answered, for ledgers that keep it. Made only where the operator said so.
public struct LedgerBodies: Sendable, Equatable {
  /// One of the two.
  public struct Body: Sendable, Equatable {
    /// As it came or went; bytes that are no UTF-8 are replaced when written.
    public var bytes: [UInt8]
    /// Whether there was more.
    public var isTruncated: Bool

    /// A body, or the beginning of one.
    public init(bytes: [UInt8], isTruncated: Bool) {
      self.bytes = bytes
      self.isTruncated = isTruncated
    }
  }

  /// The request's body.
  public var prompt: Body
  /// The reply's.
  public var reply: Body

  /// Both sides of an exchange.
  public init(prompt: Body, reply: Body) {
    self.prompt = prompt
    self.reply = reply
  }

  var count: Int { prompt.bytes.count + reply.bytes.count }
}
