import NIOCore
import WeirPolicy

/// The place of the request that brings a reply for itself and its followers. Used on its event loop. Followers are
/// never left waiting: a leader that is let go without an ending ends the reply as broken.
final class Leader: Sendable {
  private let key: CacheKey
  private let reply: SharedReply
  private let hub: InFlightReplies

  init(key: CacheKey, reply: SharedReply, hub: InFlightReplies) {
    self.key = key
    self.reply = reply
    self.hub = hub
  }

  deinit { end(.broken(Self.lost)) }

  /// The head has come; call once, before any bytes of the body.
  func begin(_ head: SharedHead) { reply.begin(head) }

  /// Bytes of the body have come.
  ///
  /// - Parameter isEnd: with them the stream has said that it is over.
  /// - Returns: true where the upstream is to be paused for followers. They call when they have caught up.
  @discardableResult
  func append(_ chunk: ByteBuffer, isEnd: Bool = false) -> Bool {
    reply.append(chunk, isEnd: isEnd)
  }

  /// Whether the upstream need not be paused for followers any more.
  var mayGoOn: Bool { reply.mayGoOn }

  /// Whether this request's own client has more than it takes at the moment.
  func lags(_ lags: Bool) { reply.leaderLags(lags) }

  /// How far the reply is, in bytes, where a follower has all that came and waits for more; else nil.
  var placeOfFollowersWaiting: Int? { reply.placeOfFollowersWaiting }

  /// The bytes so far say that the stream is over: who has them and leaves has all of it.
  func sawEnd() { reply.noteEnd() }

  /// The reply is over; identical requests from here on find it in the cache or ask anew, so keep it there before this.
  /// The first ending counts.
  func end(_ ending: SharedEnding) {
    reply.end(ending)
    hub.forget(key, reply)
  }

  /// This request's own client is gone.
  ///
  /// - Returns: true where the transfer goes on for followers: the last of them that leaves has the transfer given up
  ///   by the callback. False where nobody wants it any more: the caller gives it up.
  func clientLeft() -> Bool {
    let goesOn = reply.leaderLeft()
    if !goesOn { hub.forget(key, reply) }
    return goesOn
  }

  /// How many follow now.
  var followerCount: Int { reply.followerCount }

  /// The bytes of the body so far, to be kept in the cache; nil where they were more than may be kept.
  var wholeBody: [UInt8]? { reply.wholeBody }

  private static let lost = Refusal(
    .upstreamStreamBroken, "the identical request that this one followed ended without an answer",
    remedy: "Send the request again.")
}
