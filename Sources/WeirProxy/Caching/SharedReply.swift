import NIOCore
import Synchronization
import WeirPolicy

/// A request's place at a reply that several get. Its functions are called on the request's event loop.
protocol SharingMember: AnyObject, Sendable {
  /// There is something for a follower, which then calls `Follower.next`. At most one call is under way.
  func wake()

  /// Nobody is left who wants what the leader brings, so it gives its transfer up.
  func abandoned()

  /// The followers for which the leader paused its transfer have caught up, or are gone.
  func followersCaughtUp()
}

/// One reply that comes once from the upstream and goes to the client that asked first and to all that ask the same
/// meanwhile. The request that asked first leads: its event loop gets the bytes and hands them on; each follower takes
/// them on its own loop. Any thread may call; one lock, short holds, and no callback runs inside it.
final class SharedReply: Sendable {
  private struct State {
    var head: SharedHead?
    var body: SharedBody
    var ending: SharedEnding?
    /// The stream has said that it is over; its ending comes a moment behind that.
    var sawEnd = false
    var calls: [Int: Call] = [:]
    var nextID = 0
    var leaderLeft = false
    /// The leader's own client has more than it takes at the moment.
    var leaderLags = false
    /// Followers are what the upstream is paused for.
    var rests = false
    var isAbandoned = false

    /// Whether somebody has all that came, and has taken it.
    var somebodyWaits: Bool { !leaderLeft && !leaderLags || body.hasReaderWithAll }

    /// Whether nothing holds the upstream up any more that did; says so once.
    mutating func caughtUp() -> Bool {
      guard rests, !body.isBehind else { return false }
      rests = false
      return true
    }
  }

  /// How a follower is told that there is something for it.
  private struct Call {
    let loop: any EventLoop
    let member: any SharingMember
    /// It was told, and has not asked since.
    var isPending = false
    var hasHead = false
  }

  private typealias Wakings = [(loop: any EventLoop, member: any SharingMember)]

  private let state: Mutex<State>
  private let leaderLoop: any EventLoop
  /// Nil where nobody is to follow.
  private let leader: (any SharingMember)?

  init(_ body: SharedBody, leaderLoop: any EventLoop, leader: (any SharingMember)?) {
    state = Mutex(State(body: body))
    self.leaderLoop = leaderLoop
    self.leader = leader
  }

  deinit { state.withLock { $0.body.releaseAll() } }
}

// What the leader does.
extension SharedReply {
  func begin(_ head: SharedHead) {
    wake(
      state.withLock { state in
        state.head = head
        return Self.pending(&state)
      })
  }

  /// - Returns: true where the upstream is to be paused, until `followersCaughtUp` or `mayGoOn` says otherwise.
  func append(_ chunk: ByteBuffer, isEnd: Bool) -> Bool {
    guard chunk.readableBytes > 0 else { return false }
    let (wakings, rests) = state.withLock { state -> (Wakings, Bool) in
      guard state.ending == nil else { return ([], false) }
      state.body.append(chunk)
      if isEnd { state.sawEnd = true }
      state.rests = state.body.isBehind
      return (Self.pending(&state), state.rests)
    }
    wake(wakings)
    return rests
  }

  var mayGoOn: Bool {
    state.withLock { state in
      _ = state.caughtUp()
      return !state.rests
    }
  }

  func leaderLags(_ lags: Bool) { state.withLock { $0.leaderLags = lags } }

  /// How far the reply is where a follower waits for more of it; else nil.
  var placeOfFollowersWaiting: Int? { state.withLock { $0.body.hasReaderWithAll ? $0.body.total : nil } }

  func noteEnd() { state.withLock { $0.sawEnd = true } }

  /// The first ending counts.
  func end(_ ending: SharedEnding) {
    wake(
      state.withLock { state in
        guard state.ending == nil else { return [] }
        state.ending = ending
        // Whoever reads on from here on holds nobody up.
        state.rests = false
        return Self.pending(&state)
      })
  }

  /// True while somebody follows, so that the transfer goes on without the leader's client.
  func leaderLeft() -> Bool {
    state.withLock { state in
      state.leaderLeft = true
      state.isAbandoned = state.calls.isEmpty && state.ending == nil
      return !state.calls.isEmpty
    }
  }

  var wholeBody: [UInt8]? { state.withLock { $0.body.whole } }

  var followerCount: Int { state.withLock { $0.calls.count } }

  private static func pending(_ state: inout State) -> Wakings {
    var wakings: Wakings = []
    for index in state.calls.values.indices where !state.calls.values[index].isPending {
      state.calls.values[index].isPending = true
      wakings.append((state.calls.values[index].loop, state.calls.values[index].member))
    }
    return wakings
  }

  private func wake(_ wakings: Wakings) {
    for (loop, member) in wakings { loop.execute { member.wake() } }
  }
}

// What followers do.
extension SharedReply {
  /// Nil where the beginning is gone, or the reply failed or was given up: then the request has to ask the upstream.
  func join(_ member: any SharingMember, on loop: any EventLoop) -> Follower? {
    let (id, isWaiting) = state.withLock { state -> (Int?, Bool) in
      let hasFailed = state.ending.map { $0 != .complete } ?? false
      guard state.body.isWhole, !state.isAbandoned, !hasFailed else { return (nil, false) }
      let id = state.nextID
      state.nextID += 1
      let isWaiting = state.head != nil
      state.calls[id] = Call(loop: loop, member: member, isPending: isWaiting)
      state.body.add(id)
      return (id, isWaiting)
    }
    guard let id else { return nil }
    if isWaiting { loop.execute { member.wake() } }
    return Follower(id: id, reply: self)
  }

  func next(_ id: Int, maximumBytes: Int) -> FollowerEvents {
    let (events, caughtUp) = state.withLock { state in
      let events = Self.next(id, maximumBytes: maximumBytes, &state)
      return (events, state.caughtUp())
    }
    if caughtUp { wakeLeader() }
    return events
  }

  private static func next(_ id: Int, maximumBytes: Int, _ state: inout State) -> FollowerEvents {
    guard let call = state.calls[id] else { return FollowerEvents() }
    state.calls[id]?.isPending = false
    var events = FollowerEvents()
    if !call.hasHead, let head = state.head {
      events.head = head
      state.calls[id]?.hasHead = true
    }
    (events.chunks, events.hasMore) = state.body.read(id, maximumBytes: maximumBytes)
    if !events.hasMore { events.ending = state.ending }
    return events
  }

  private func wakeLeader() {
    if let leader { leaderLoop.execute { leader.followersCaughtUp() } }
  }

  func followerLags(_ id: Int, _ lags: Bool) { state.withLock { $0.body.note(lags: lags, of: id) } }

  func slowsOthers(_ id: Int) -> Bool { state.withLock { $0.rests && $0.body.isBehind(id) && $0.somebodyWaits } }

  /// How far the reply is where it is paused for this one while somebody else waits for more; else nil.
  func placeHeldUp(by id: Int, freed: Int) -> Int? {
    let (place, caughtUp) = state.withLock { state -> (Int?, Bool) in
      state.body.note(freed: freed, of: id)
      let caughtUp = state.caughtUp()
      guard state.rests, state.body.isBehind(id) else { return (nil, caughtUp) }
      return (state.somebodyWaits ? state.body.total : nil, caughtUp)
    }
    if caughtUp { wakeLeader() }
    return place
  }

  func hasAll(_ id: Int) -> Bool { state.withLock { $0.sawEnd && $0.body.hasReadAll(id) } }

  func leave(_ id: Int) {
    let (isAbandoned, caughtUp) = state.withLock { state in
      guard state.calls.removeValue(forKey: id) != nil else { return (false, false) }
      state.body.remove(id)
      let caughtUp = state.caughtUp()
      guard state.leaderLeft, state.calls.isEmpty, state.ending == nil, !state.isAbandoned else {
        return (false, caughtUp)
      }
      state.isAbandoned = true
      return (true, caughtUp)
    }
    if isAbandoned, let leader { leaderLoop.execute { leader.abandoned() } }
    if caughtUp { wakeLeader() }
  }
}
