import NIOCore
import NIOEmbedded
import Testing
import WeirPolicy
@testable import WeirProxy

@Suite("Identical requests on many threads")
struct SharedReplyStressTests {
  /// What one request came to: the bytes it got, or nil where it was cut, left or led.
  private enum Outcome: Sendable {
    case led, left
    case followed(String, SharedEnding)
  }

  private static let body = (0..<300).map { "event \($0)\n" }

  private static func lead(_ leader: Leader) async {
    leader.begin(.sample())
    for text in body {
      let rests = leader.append(ByteBuffer(string: text))
      await Task.yield()
      while rests, !leader.mayGoOn { await Task.yield() }
    }
    leader.end(.complete)
  }

  private static func follow(_ follower: Follower, leavesAfter: Int?) async -> Outcome {
    var text = ""
    var hasHead = false
    var pulls = 0
    while true {
      let events = follower.next(maximumBytes: 100)
      if events.head != nil { hasHead = true }
      text += events.text
      if let ending = events.ending { return .followed(hasHead ? text : "no head", ending) }
      pulls += 1
      if let leavesAfter, pulls > leavesAfter {
        follower.leave()
        return .left
      }
      await Task.yield()
    }
  }

  @Test("each gets the whole reply, whoever joins or leaves when", arguments: 0..<20)
  func storm(round: Int) async throws {
    let loop = NIOAsyncTestingEventLoop()
    let hub = InFlightReplies(.init(whole: 1 << 20, lag: 1 << 20), maximumBytes: 1 << 22)
    let key = sharedKey("storm")
    let outcomes = await withTaskGroup(of: Outcome.self) { group in
      for number in 0..<24 {
        group.addTask {
          for _ in 0..<(number * round % 50) { await Task.yield() }
          switch Caller(loop: loop).enter(hub, key) {
          case .kept: return .left
          case .follower(let follower):
            return await Self.follow(follower, leavesAfter: number % 5 == 0 ? number : nil)
          case .leader(let leader):
            await Self.lead(leader)
            return .led
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    await loop.run()
    var led = 0
    for outcome in outcomes {
      switch outcome {
      case .led: led += 1
      case .left: break
      case .followed(let text, let ending):
        #expect(text == Self.body.joined())
        #expect(ending == .complete)
      }
    }
    #expect(led >= 1)
    #expect(hub.count == 0 && hub.keptBytes == 0)
    await loop.shutdownGracefully()
  }

  @Test("a small bound slows the upstream down: each gets the whole reply", arguments: 0..<10)
  func tight(round: Int) async throws {
    let loop = NIOAsyncTestingEventLoop()
    let hub = InFlightReplies(.init(whole: 600, lag: 600), maximumBytes: 2000)
    let outcomes = await withTaskGroup(of: Outcome.self) { group in
      for number in 0..<16 {
        group.addTask {
          switch Caller(loop: loop).enter(hub, sharedKey("\(number % 3)")) {
          case .kept: return .left
          case .follower(let follower): return await Self.follow(follower, leavesAfter: nil)
          case .leader(let leader):
            for _ in 0..<(20 * round) { await Task.yield() }
            await Self.lead(leader)
            return .led
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    await loop.run()
    let whole = Self.body.joined()
    for case .followed(let text, let ending) in outcomes {
      #expect(text == whole && ending == .complete)
    }
    #expect(hub.count == 0 && hub.keptBytes == 0)
    await loop.shutdownGracefully()
  }
}
