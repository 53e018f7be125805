import NIOCore
import Synchronization
import WeirPolicy

/// The replies in flight that identical requests may follow, by key; for all event loops.
final class InFlightReplies: Sendable {
  /// What a request has to do.
  enum Place: Sendable {
    /// Nothing: the reply was kept meanwhile.
    case kept(StoredReply)
    /// It asks the upstream, and tells its followers what comes.
    case leader(Leader)
    /// It gets what another request brings.
    case follower(Follower)
  }

  private let replies = Mutex<[CacheKey: SharedReply]>([:])
  private let maximumKept: Int
  private let budget: InFlightBudget

  /// - Parameters:
  ///   - maximumKept: bytes that one reply may have kept for its followers.
  ///   - maximumBytes: bytes that all may have.
  init(maximumKept: Int, maximumBytes: Int) {
    self.maximumKept = maximumKept
    budget = InFlightBudget(maximumBytes: maximumBytes)
  }

  /// Finds the place of a request for which the cache had nothing.
  ///
  /// - Parameters:
  ///   - member: the request, which is called on its loop.
  ///   - find: looks once more into the cache, since a reply may have been kept between the first look and this call.
  func enter(
    _ key: CacheKey, _ member: any SharingMember, on loop: any EventLoop, find: () -> StoredReply?
  ) -> Place {
    replies.withLock { replies in
      if let follower = replies[key]?.join(member, on: loop) { return .follower(follower) }
      if let kept = find() { return .kept(kept) }
      let reply = SharedReply(maximumKept: maximumKept, budget: budget, leaderLoop: loop, leader: member)
      replies[key] = reply
      return .leader(Leader(key: key, reply: reply, hub: self))
    }
  }

  /// The place of a request that nobody follows, so that its reply is collected to be kept.
  func alone(_ key: CacheKey, on loop: any EventLoop) -> Leader {
    let reply = SharedReply(maximumKept: maximumKept, budget: budget, leaderLoop: loop, leader: nil)
    return Leader(key: key, reply: reply, hub: self)
  }

  /// Requests that others may follow.
  var count: Int { replies.withLock(\.count) }

  /// Bytes kept for followers.
  var keptBytes: Int { budget.usedBytes }

  /// Another reply may have taken the place of one that could no longer be followed.
  func forget(_ key: CacheKey, _ reply: SharedReply) {
    replies.withLock { replies in
      if replies[key] === reply { replies[key] = nil }
    }
  }
}
