/// Takes one transfer's reply. All calls come on the event loop of the engine, in this order: one head, any number
/// of body calls, each batch of them closed by `transferBatchEnded` (the last one by the end itself), and exactly one
/// end (none after `cancel()`).
///
/// Head and body calls come from inside the read of a socket: an implementation copies what it wants and returns; it may
/// call `hold`, `release` and `cancel`, whose effects then may wait until what was read has been reported.
public protocol TransferReceiver: AnyObject {
  /// The final head; informational heads are not reported.
  func transferReceivedHead(_ head: ResponseHead)
  /// Bytes of the reply's body, without transfer coding, valid during the call only.
  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer)
  /// A streaming request body has room for more.
  func transferNeedsBody()
  /// Everything that one read of the upstream's sockets brought has been reported: the moment to flush.
  func transferBatchEnded()
  /// The reply is whole, or will never be.
  func transferEnded(_ outcome: TransferOutcome)
}

/// How a transfer ended.
public struct TransferOutcome: Sendable {
  /// Nil when the reply is whole.
  public let failure: TransferFailure?
  /// Whether a connection of an earlier transfer served this one; nil when none was established.
  public let reusedConnection: Bool?

  /// For a receiver that ends a transfer itself.
  public init(failure: TransferFailure?, reusedConnection: Bool?) {
    self.failure = failure
    self.reusedConnection = reusedConnection
  }
}
