import NIOCore

/// One client's place at a reply that another's request brings. Used on that client's event loop; leaves by itself when
/// it is let go.
final class Follower: Sendable {
  private let id: Int
  private let reply: SharedReply

  init(id: Int, reply: SharedReply) {
    self.id = id
    self.reply = reply
  }

  deinit { reply.leave(id) }

  /// What came since the last call: call it when woken, and, where more was there than asked for, when there is room
  /// again. Never waits.
  ///
  /// - Parameter maximumBytes: bytes of the body that are wanted; one chunk comes even where it is larger.
  func next(maximumBytes: Int = .max) -> FollowerEvents { reply.next(id, maximumBytes: maximumBytes) }

  /// Whether the client has all of a stream that has said that it is over.
  var hasAll: Bool { reply.hasAll(id) }

  /// How far the reply is, in bytes, where it is paused because this client is far behind, and another waits for more;
  /// else nil.
  ///
  /// - Parameter freed: bytes that the client has taken of what the system holds for it, since that takes no more.
  func placeHeldUp(freed: Int = 0) -> Int? { reply.placeHeldUp(by: id, freed: freed) }

  /// Whether the reply is paused because this client is far behind, while another waits for more.
  var slowsOthers: Bool { reply.slowsOthers(id) }

  /// Whether the client has yet to take something that was sent to it: then it does not wait for more.
  func lags(_ lags: Bool) { reply.followerLags(id, lags) }

  /// The client is gone. Once the last one is, the transfer is given up. May be called again.
  func leave() { reply.leave(id) }
}
