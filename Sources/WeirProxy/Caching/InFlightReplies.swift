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

  /// How much of one reply is kept for those that follow it.
  struct Bounds: Sendable {
    /// Bytes up to which all of it is kept, to be joined and to become an entry.
    var whole: Int
    /// Bytes of a larger one that a follower may lag behind before the upstream is paused for it.
    var lag: Int
  }

  private struct State {
    var replies: [CacheKey: SharedReply] = [:]
    var bounds: Bounds
  }

  private let state: Mutex<State>
  private let budget: InFlightBudget

  /// - Parameter maximumBytes: bytes of memory that all replies may have.
  init(_ bounds: Bounds, maximumBytes: Int) {
    state = Mutex(State(bounds: bounds))
    budget = InFlightBudget(maximumBytes: maximumBytes)
  }

  /// A reload: holds for replies that begin from here on, the memory for all.
  func replace(_ bounds: Bounds, maximumBytes: Int) {
    state.withLock { $0.bounds = bounds }
    budget.setBound(maximumBytes)
  }

  /// Finds the place of a request for which the cache had nothing.
  ///
  /// - Parameters:
  ///   - member: the request, which is called on its loop.
  ///   - find: looks once more into the cache, since a reply may have been kept between the first look and this call.
  func enter(
    _ key: CacheKey, _ member: any SharingMember, on loop: any EventLoop, find: () -> StoredReply?
  ) -> Place {
    state.withLock { state in
      if let follower = state.replies[key]?.join(member, on: loop) { return .follower(follower) }
      if let kept = find() { return .kept(kept) }
      let reply = SharedReply(body(state.bounds), leaderLoop: loop, leader: member)
      state.replies[key] = reply
      return .leader(Leader(key: key, reply: reply, hub: self))
    }
  }

  /// The place of a request that nobody follows, so that its reply is collected to be kept.
  func alone(_ key: CacheKey, on loop: any EventLoop) -> Leader {
    let reply = SharedReply(body(state.withLock(\.bounds)), leaderLoop: loop, leader: nil)
    return Leader(key: key, reply: reply, hub: self)
  }

  private func body(_ bounds: Bounds) -> SharedBody { SharedBody(bounds, budget: budget) }

  /// Requests that others may follow.
  var count: Int { state.withLock(\.replies.count) }

  /// Bytes kept for followers.
  var keptBytes: Int { budget.usedBytes }

  /// Another reply may have taken the place of one that could no longer be followed.
  func forget(_ key: CacheKey, _ reply: SharedReply) {
    state.withLock { state in
      if state.replies[key] === reply { state.replies[key] = nil }
    }
  }
}

extension InFlightReplies.Bounds {
  /// However small entries are: a follower's event loop may be busy for a moment, and its client's network for longer.
  private static let leastLag = 4 * 1024 * 1024

  /// As the configuration says for entries.
  init(_ policy: CachePolicy) {
    self.init(whole: policy.maximumEntryBytes, lag: max(policy.maximumEntryBytes, Self.leastLag))
  }
}
