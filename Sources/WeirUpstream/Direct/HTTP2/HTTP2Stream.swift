import CWeirNghttp2
import NIOCore

/// One transfer's stream of an HTTP/2 connection. Lives on the connection's event loop.
final class HTTP2Stream: Indexed {
  /// How a stream ended.
  enum Ending {
    /// The reply is whole.
    case whole
    /// weir does not take what came.
    case refused(weir_h2_fault)
    /// The upstream ended it, with this code of RFC 9113, section 7.
    case reset(UInt32)
    /// The request did not reach the upstream, or was not looked at by it (RFC 9113, section 8.7).
    case unprocessed
    /// The connection ended below it.
    case cut
    /// What came over the connection is not HTTP/2.
    case garbled
  }

  private(set) var connection: HTTP2Connection?
  /// Nil once the transfer has heard of the end, or wants to hear nothing.
  var transfer: DirectTransfer?
  /// The stream's number.
  var id: Int32 = 0
  var listIndex: Int?
  /// When the request was begun, in nanoseconds.
  let begun: Int64
  /// Whether another request went over the connection before this.
  let isReused: Bool
  var hasHead = false
  /// Whether anything of the reply has come.
  var hasReplyBytes = false
  /// Bytes of heads that came beside the final one.
  var otherHeadBytes = 0
  /// Whether the transfer's receiver has been given something since it was last told to flush.
  var hasNews = false
  var ending: Ending?
  /// Whether the session has forgotten it.
  var isClosed = false
  /// Whether the request's body waits to be resumed.
  var awaitsBody = false
  /// Whether some of the body has left of which the transfer has not heard.
  var hasSent = false
  /// Bytes of the reply that wait for the transfer to be released, or to be told of that.
  private var kept = ByteBuffer()
  private(set) var isHeld = false

  init(_ transfer: DirectTransfer, on connection: HTTP2Connection, isReused: Bool, now: Int64) {
    self.transfer = transfer
    self.connection = connection
    self.isReused = isReused
    begun = now
  }

  // MARK: For the transfer

  func hold() { isHeld = true }

  /// What was kept comes later than now.
  func release() {
    isHeld = false
    if hasKept || ending != nil { connection?.deliverLater(self) }
  }

  /// There is more of the request's body, or it is whole.
  func wakeBody() { connection?.resume(self) }

  /// Nothing more is told, and the upstream hears that nobody wants the reply.
  func cancel() {
    transfer = nil
    connection?.cancel(self)
    letGo()
  }

  // MARK: For the connection

  func keep(_ bytes: UnsafeRawBufferPointer) {
    unsafe _ = kept.writeBytes(bytes)
  }

  var hasKept: Bool { kept.readableBytes > 0 }

  func takeKept() -> ByteBuffer {
    defer { kept = ByteBuffer() }
    return kept
  }

  /// The stream is over and knows nobody any more.
  func letGo() {
    connection = nil
    kept = ByteBuffer()
  }

  /// What the transfer is to hear; nil where the reply is whole.
  func failure(_ ending: Ending) -> TransferFailure? {
    switch ending {
    case .whole: nil
    case .refused(let fault):
      TransferFailure(kind: hasHead ? .brokenReply : .protocolError, reason: Self.reason(fault))
    case .garbled:
      TransferFailure(kind: hasHead ? .brokenReply : .protocolError, reason: "what came is not valid HTTP/2")
    case .reset(let code):
      unsafe reset("the upstream reset the stream", String(cString: weir_h2_code_name(code)))
    case .unprocessed: reset("the upstream refused the request's stream", "REFUSED_STREAM")
    case .cut: reset("the connection closed", nil)
    }
  }

  private func reset(_ event: String, _ code: String?) -> TransferFailure {
    let code = code.map { " (\($0))" } ?? ""
    return hasHead
      ? TransferFailure(kind: .brokenReply, reason: "the reply ended before it was complete\(code)")
      : TransferFailure(kind: .closedBeforeReply, reason: "\(event) before the reply began\(code)")
  }

  private static func reason(_ fault: weir_h2_fault) -> String {
    switch fault {
    case WEIR_H2_HEAD_TOO_LARGE: "the reply's head is larger than 256 KiB"
    case WEIR_H2_HEAD_INVALID: "a header of the reply holds what HTTP/2 does not allow"
    default: "what came is not valid HTTP/2"
    }
  }
}
