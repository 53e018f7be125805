import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import WeirPolicy
@testable import WeirProxy

@Suite("Identical requests in flight")
struct InFlightRepliesTests {
  private let loop = EmbeddedEventLoop()
  private let hub = InFlightReplies(.init(whole: 10_000, lag: 10_000), maximumBytes: 100_000)
  private let key = sharedKey("a")

  private func chunk(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  /// A leader and some followers.
  private func group(_ count: Int) throws -> (leader: Leader, caller: Caller, followers: [(Follower, Caller)]) {
    let caller = Caller(loop: loop)
    let leader = try #require(caller.enter(hub, key).leader)
    let followers = try (0..<count).map { _ in
      let caller = Caller(loop: loop)
      return (try #require(caller.enter(hub, key).follower), caller)
    }
    return (leader, caller, followers)
  }

  @Test("one leads, the others follow from the first byte to the end, and the next one leads anew")
  func follow() throws {
    let (leader, _, followers) = try group(3)
    leader.begin(.sample())
    leader.append(chunk("one "))
    leader.append(chunk(""))
    let late = Caller(loop: loop)
    let lateFollower = try #require(late.enter(hub, key).follower)
    leader.append(chunk("two"))
    for follower in followers.map(\.0) + [lateFollower] {
      let events = follower.next()
      #expect(events.head?.status == 200 && events.head?.lines.isEmpty == false)
      #expect(events.text == "one two" && events.ending == nil)
    }
    #expect(leader.wholeBody == Array("one two".utf8))
    leader.end(.complete)
    for follower in followers.map(\.0) + [lateFollower] {
      let events = follower.next()
      #expect(events.head == nil && events.chunks.isEmpty && events.ending == .complete)
    }
    #expect(hub.count == 0)
    #expect(Caller(loop: loop).enter(hub, key).leader != nil)
  }

  @Test("a request with another key leads its own")
  func keys() throws {
    let (leader, _, _) = try group(0)
    let other = try #require(Caller(loop: loop).enter(hub, sharedKey("b")).leader)
    #expect(hub.count == 2)
    withExtendedLifetime((leader, other)) {}
  }

  @Test("a reply that was kept meanwhile is found before anybody leads")
  func keptMeanwhile() throws {
    let kept = StoredReply(.init(model: nil, upstream: "u", storedAt: 0), head: [], body: [])
    #expect(Caller(loop: loop).enter(hub, key, kept: kept).kept === kept)
    #expect(hub.count == 0)
  }

  @Test("a follower is woken once until it asks, on its loop, and at once where something is there")
  func wakings() throws {
    let (leader, _, followers) = try group(1)
    let (follower, caller) = followers[0]
    loop.run()
    #expect(caller.wakingCount == 0)
    leader.begin(.sample())
    leader.append(chunk("a"))
    leader.append(chunk("b"))
    #expect(caller.wakingCount == 0)
    loop.run()
    #expect(caller.wakingCount == 1)
    #expect(follower.next().text == "ab")
    loop.run()
    #expect(caller.wakingCount == 1)
    leader.append(chunk("c"))
    leader.end(.complete)
    loop.run()
    #expect(caller.wakingCount == 2)
    let (second, _, _) = try group(0)
    second.begin(.sample())
    let late = Caller(loop: loop)
    let lateFollower = try #require(late.enter(hub, key).follower)
    loop.run()
    #expect(late.wakingCount == 1)
    withExtendedLifetime((lateFollower, second)) {}
  }

  @Test("followers take as much at a time as they want, one chunk at least, and get the end after the last")
  func portions() throws {
    let (leader, _, followers) = try group(1)
    let follower = followers[0].0
    leader.begin(.sample())
    for text in ["aaaa", "bb", "cc"] { leader.append(chunk(text)) }
    leader.end(.complete)
    let first = follower.next(maximumBytes: 1)
    #expect(first.text == "aaaa" && first.hasMore && first.ending == nil)
    let second = follower.next(maximumBytes: 3)
    #expect(second.text == "bb" && second.hasMore && second.head == nil)
    let third = follower.next(maximumBytes: 2)
    #expect(third.text == "cc" && !third.hasMore && third.ending == .complete)
  }

  @Test("followers get the leader's failure and do not ask the upstream; who comes later does")
  func failure() throws {
    let refusal = Refusal(.upstreamTimeout, "too slow", remedy: "Wait.")
    for ending in [SharedEnding.refused(refusal), .broken(refusal)] {
      let (leader, _, followers) = try group(2)
      leader.end(ending)
      leader.end(.complete)
      for (follower, _) in followers { #expect(follower.next().ending == ending) }
      #expect(hub.count == 0)
    }
  }

  @Test("a leader that is let go ends the reply as broken")
  func lostLeader() throws {
    let follower: Follower
    do {
      let (leader, _, followers) = try group(1)
      leader.begin(.sample())
      follower = followers[0].0
    }
    guard case .broken = follower.next().ending else {
      Issue.record("the follower waits for ever")
      return
    }
    #expect(hub.count == 0)
  }

  @Test("the transfer goes on without the leader's client, and is given up once when the last follower leaves")
  func abandoned() throws {
    let (leader, caller, followers) = try group(2)
    #expect(leader.clientLeft())
    leader.append(chunk("more"))
    followers[0].0.leave()
    followers[0].0.leave()
    loop.run()
    #expect(caller.abandonmentCount == 0)
    #expect(followers[1].0.next().text == "more")
    followers[1].0.leave()
    loop.run()
    #expect(caller.abandonmentCount == 1)
    #expect(Caller(loop: loop).enter(hub, key).leader != nil)
    leader.end(.complete)
    #expect(hub.count == 0)
  }

  @Test("nobody follows a request whose client left it alone")
  func alone() throws {
    let (leader, caller, _) = try group(0)
    #expect(!leader.clientLeft())
    loop.run()
    #expect(caller.abandonmentCount == 0)
    let next = Caller(loop: loop).enter(hub, key)
    #expect(next.leader != nil)
    leader.end(.complete)
    #expect(hub.count == 1)
  }

  @Test("followers leave by being let go")
  func letGo() throws {
    let (leader, caller, _) = try group(3)
    #expect(leader.followerCount == 0)
    #expect(!leader.clientLeft())
    withExtendedLifetime(caller) {}
  }

  @Test("a reply above the bound of an entry is followed all the same by those who were there in time")
  func largerThanAnEntry() throws {
    let hub = InFlightReplies(.init(whole: 1000, lag: 50_000), maximumBytes: 100_000)
    let leader = try #require(Caller(loop: loop).enter(hub, key).leader)
    let follower = try #require(Caller(loop: loop).enter(hub, key).follower)
    leader.append(chunk(String(repeating: "x", count: 40_000)))
    #expect(leader.wholeBody == nil, "it is no entry")
    #expect(Caller(loop: loop).enter(hub, key).leader != nil, "and nobody joins it any more")
    #expect(follower.next().text.utf8.count == 40_000)
  }

  @Test("a follower has all of a stream once it said that it is over and everything was read")
  func hasAll() throws {
    let (leader, _, followers) = try group(2)
    let (quick, slow) = (followers[0].0, followers[1].0)
    leader.begin(.sample())
    leader.append(chunk("data: 1\n\n"))
    _ = quick.next()
    #expect(!quick.hasAll, "the stream goes on")
    leader.append(chunk("data: [DONE]\n\n"))
    leader.sawEnd()
    #expect(!quick.hasAll && !slow.hasAll, "the mark is still to be read")
    _ = quick.next()
    #expect(quick.hasAll && !slow.hasAll)
    leader.end(.complete)
    #expect(quick.hasAll && !slow.hasAll)
  }

  @Test("what becomes an entry is bounded by its bytes, whatever the buffers that they came in hold")
  func bytes() throws {
    let (leader, _, _) = try group(0)
    for _ in 0..<10 {
      var buffer = ByteBufferAllocator().buffer(capacity: 1025)
      buffer.writeRepeatingByte(0x78, count: 1000)
      #expect(buffer.storageCapacity > 2000)
      leader.append(buffer)
    }
    #expect(leader.wholeBody?.count == 10_000)
    #expect(hub.keptBytes > 20_000, "memory is counted as it is held")
  }

  @Test("a reload's bounds hold for what begins from then on")
  func reload() throws {
    let (early, _, _) = try group(0)
    hub.replace(.init(whole: 30_000, lag: 30_000), maximumBytes: 40_000)
    let late = try #require(Caller(loop: loop).enter(hub, sharedKey("late")).leader)
    for leader in [early, late] { leader.append(chunk(String(repeating: "x", count: 20_000))) }
    #expect(early.wholeBody == nil && late.wholeBody?.count == 20_000)
    let third = try #require(Caller(loop: loop).enter(hub, sharedKey("third")).leader)
    third.append(chunk(String(repeating: "x", count: 25_000)))
    #expect(third.wholeBody == nil, "there is no more memory for it")
    withExtendedLifetime(late) {}
  }

  @Test("a small slice of a large buffer keeps no more than itself")
  func slices() throws {
    let (leader, _, followers) = try group(1)
    var large = ByteBuffer(repeating: UInt8(ascii: "y"), count: 1 << 20)
    for _ in 0..<4 {
      if let slice = large.readSlice(length: 100) { leader.append(slice) }
    }
    #expect(hub.keptBytes < 2000 && leader.wholeBody?.count == 400)
    #expect(followers[0].0.next().text.count == 400)
  }

  @Test("all replies together keep no more than their bound, and give everything back")
  func budget() throws {
    var leaders: [Leader] = []
    for number in 0..<30 {
      let leader = try #require(Caller(loop: loop).enter(hub, sharedKey("\(number)")).leader)
      leader.append(chunk(String(repeating: "z", count: 8000)))
      leaders.append(leader)
      #expect(hub.keptBytes <= 100_000)
    }
    #expect(leaders.contains { $0.wholeBody != nil } && leaders.contains { $0.wholeBody == nil })
    leaders.removeAll()
    #expect(hub.count == 0 && hub.keptBytes == 0)
  }
}
