import NIOCore
import NIOEmbedded
import Testing
import WeirPolicy
@testable import WeirProxy

@Suite("The pace of a reply that several get")
struct SharedPaceTests {
  private let loop = EmbeddedEventLoop()
  private let hub = InFlightReplies(.init(whole: 1000, lag: 10_000), maximumBytes: 100_000)
  private let key = sharedKey("a")

  private func chunk(_ count: Int, _ text: String = "x") -> ByteBuffer {
    ByteBuffer(string: String(repeating: text, count: count))
  }

  private func group(_ count: Int, in hub: InFlightReplies? = nil) throws
    -> (leader: Leader, caller: Caller, followers: [Follower])
  {
    let hub = hub ?? self.hub
    let caller = Caller(loop: loop)
    let leader = try #require(caller.enter(hub, key).leader)
    let followers = try (0..<count).map { _ in try #require(Caller(loop: loop).enter(hub, key).follower) }
    return (leader, caller, followers)
  }

  @Test("the upstream is paused while the slowest lags too far behind, and told once when it has caught up")
  func paused() throws {
    let (leader, caller, followers) = try group(2)
    let (quick, slow) = (followers[0], followers[1])
    var appended = 0
    while !leader.append(chunk(1000, "\(appended % 10)")) {
      appended += 1
      #expect(quick.next().ending == nil)
    }
    appended += 1
    #expect(appended == 11 && hub.keptBytes < 30_000 && !leader.mayGoOn)
    _ = quick.next()
    loop.run()
    #expect(caller.catchingCount == 0)
    var text = slow.next(maximumBytes: 2000).text
    loop.run()
    #expect(caller.catchingCount == 1 && leader.mayGoOn)
    text += slow.next().text
    loop.run()
    #expect(caller.catchingCount == 1)
    #expect(text == (0..<11).map { String(repeating: "\($0 % 10)", count: 1000) }.joined(), "nobody is cut")
    leader.end(.complete)
    #expect(slow.next().ending == .complete)
  }

  @Test("a slow follower that leaves lets the upstream go on")
  func leaves() throws {
    let (leader, caller, followers) = try group(2)
    #expect(leader.append(chunk(20_000)))
    _ = followers[0].next()
    followers[1].leave()
    loop.run()
    #expect(caller.catchingCount == 1 && leader.mayGoOn)
    _ = followers
  }

  @Test("a follower holds others up only while it lags too far behind and somebody waits for more")
  func holdsUp() throws {
    let (leader, _, followers) = try group(3)
    let (quick, slow, stalled) = (followers[0], followers[1], followers[2])
    #expect(!leader.append(chunk(9000)))
    #expect(stalled.placeHeldUp() == nil)
    _ = slow.next()
    #expect(leader.append(chunk(9000)))
    #expect(stalled.placeHeldUp() != nil, "the first client waits")
    #expect(slow.placeHeldUp() == nil, "who lags less holds nobody up")
    leader.lags(true)
    #expect(stalled.placeHeldUp() == nil, "nobody waits: the first client is slow too")
    _ = quick.next()
    #expect(stalled.placeHeldUp() != nil && leader.placeOfFollowersWaiting != nil)
    leader.lags(false)
    #expect(leader.clientLeft() && stalled.placeHeldUp() != nil, "the quick one waits, whoever leads")
    leader.end(.complete)
    #expect(stalled.placeHeldUp() == nil, "nobody waits for a reply that is over")
  }

  @Test("who has everything and has yet to take it waits for nothing")
  func busy() throws {
    let (leader, _, followers) = try group(2)
    let (quick, slow) = (followers[0], followers[1])
    #expect(leader.append(chunk(20_000)))
    leader.lags(true)
    _ = quick.next()
    #expect(slow.slowsOthers && leader.placeOfFollowersWaiting == 20_000)
    quick.lags(true)
    #expect(!slow.slowsOthers && slow.placeHeldUp() == nil && leader.placeOfFollowersWaiting == nil)
    quick.lags(false)
    #expect(slow.slowsOthers && slow.placeHeldUp() == 20_000)
    #expect(!quick.slowsOthers, "it has all")
    #expect(slow.slowsOthers && slow.placeHeldUp(freed: 20_000) == nil && !slow.slowsOthers, "until that is told")
  }

  @Test("what a client takes of what the system holds lets so much more come, until more is read for it")
  func freed() throws {
    let (leader, caller, followers) = try group(2)
    let (quick, slow) = (followers[0], followers[1])
    #expect(leader.append(chunk(12_000)))
    _ = quick.next()
    #expect(slow.placeHeldUp(freed: 1000) == 12_000)
    #expect(slow.placeHeldUp(freed: 2000) == nil)
    loop.run()
    #expect(caller.catchingCount == 1 && leader.mayGoOn)
    #expect(leader.append(chunk(500)))
    #expect(slow.placeHeldUp(freed: 2000) == 12_500, "it went on, and is paused again")
    #expect(slow.next().text.utf8.count == 12_500 && quick.next().text.utf8.count == 500)
    #expect(leader.mayGoOn && !leader.append(chunk(10_000)) && leader.append(chunk(1)), "the bound is the old one")
  }

  @Test("who is alone with its slowness holds nobody up")
  func alone() throws {
    let (leader, _, followers) = try group(1)
    #expect(leader.append(chunk(20_000)))
    #expect(followers[0].placeHeldUp() != nil)
    #expect(leader.clientLeft())
    #expect(followers[0].placeHeldUp() == nil)
  }

  @Test("where the memory for all is used up, a reply comes as fast as its slowest reader takes it")
  func noMemory() throws {
    let small = InFlightReplies(.init(whole: 1000, lag: 10_000), maximumBytes: 0)
    let (leader, caller, followers) = try group(2, in: small)
    var texts = ["", ""]
    for _ in 0..<20 {
      #expect(leader.append(chunk(700)))
      for index in texts.indices {
        #expect(!leader.mayGoOn && followers[index].placeHeldUp() != nil)
        texts[index] += followers[index].next().text
      }
      loop.run()
      #expect(leader.mayGoOn && small.keptBytes == 0)
    }
    #expect(caller.catchingCount == 20 && texts.allSatisfy { $0.utf8.count == 14_000 })
  }

  @Test("what is larger than anybody takes at once is cut into pieces")
  func pieces() throws {
    let (leader, _, followers) = try group(1)
    #expect(leader.append(chunk(1_000_000)))
    let first = followers[0].next(maximumBytes: 1)
    #expect(first.text.utf8.count <= 256 * 1024 && first.hasMore)
    #expect(first.text.utf8.count + followers[0].next().text.utf8.count == 1_000_000)
    #expect(hub.keptBytes == 0)
  }

  @Test("nobody joins a reply whose beginning is gone")
  func late() throws {
    let (leader, _, _) = try group(0)
    for _ in 0..<2 { leader.append(chunk(1000)) }
    #expect(hub.keptBytes == 0)
    #expect(Caller(loop: loop).enter(hub, key).leader != nil)
    withExtendedLifetime(leader) {}
  }
}
