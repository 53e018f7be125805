public import NIOCore

/// One request to an upstream and its reply. Lives on its engine's event loop; the object may serve another request once
/// it has reported its end.
public protocol Transfer: AnyObject {
  /// The lines of the request's head; filled between `UpstreamEngine.prepare(for:)` and `begin`.
  var headers: HeaderList { get }

  /// Sends the request. The receiver is held until the end.
  ///
  /// - Parameters:
  ///   - url: scheme, authority, path and query; sent letter for letter. The one that the transfer was prepared for.
  ///   - method: any token; the caller has checked it.
  ///   - expectsStream: the reply is to come in small parts over a long time.
  func begin(
    method: String, url: String, body: RequestBody, timeouts: PhaseTimeouts, expectsStream: Bool,
    receiver: any TransferReceiver)

  /// Gives up: nothing more is reported, the connection (HTTP/1.1) or stream (HTTP/2) is closed at once, so that the
  /// upstream stops generating and billing.
  func cancel()

  /// Stops reading the reply from the network until `release()`, so that a slow client slows the upstream down.
  func hold()

  /// Reads on.
  func release()

  /// Adds a part of a streaming body. The caller stops reading its client while `pendingBytes` is high.
  func send(_ part: ByteBuffer)

  /// The streaming body is whole.
  func finishBody()

  /// Bytes of the streaming body that wait for the upstream.
  var pendingBytes: Int { get }

  /// Lets go of what only the request needed: the lines of its head, and a whole body that has left. To be called once
  /// a reply has begun that may last: nothing of the request is sent again from then on.
  func letGoOfRequest()
}

extension Transfer {
  /// Sends a request whose reply is no stream.
  public func begin(
    method: String, url: String, body: RequestBody, timeouts: PhaseTimeouts, receiver: any TransferReceiver
  ) {
    begin(method: method, url: url, body: body, timeouts: timeouts, expectsStream: false, receiver: receiver)
  }
}
