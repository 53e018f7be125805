import NIOCore
import NIOEmbedded
import Synchronization
@testable import WeirProxy
import WeirPolicy

/// A place at a hub for tests: counts what it is told.
final class Caller: SharingMember {
  let loop: any EventLoop
  let wakings = Atomic<Int>(0)
  let abandonments = Atomic<Int>(0)
  let catchings = Atomic<Int>(0)

  init(loop: any EventLoop) { self.loop = loop }

  func enter(_ hub: InFlightReplies, _ key: CacheKey, kept: StoredReply? = nil) -> InFlightReplies.Place {
    hub.enter(key, self, on: loop) { kept }
  }

  func wake() { wakings.add(1, ordering: .relaxed) }
  func abandoned() { abandonments.add(1, ordering: .relaxed) }
  func followersCaughtUp() { catchings.add(1, ordering: .relaxed) }

  var wakingCount: Int { wakings.load(ordering: .relaxed) }
  var abandonmentCount: Int { abandonments.load(ordering: .relaxed) }
  var catchingCount: Int { catchings.load(ordering: .relaxed) }
}

extension InFlightReplies.Place {
  var leader: Leader? { if case .leader(let leader) = self { leader } else { nil } }
  var follower: Follower? { if case .follower(let follower) = self { follower } else { nil } }
  var kept: StoredReply? { if case .kept(let reply) = self { reply } else { nil } }
}

extension SharedHead {
  static func sample(status: Int = 200) -> SharedHead {
    SharedHead(
      status: status, lines: Array("content-type: text/event-stream\r\n".utf8), isEventStream: true,
      contentLength: nil, contentEncoding: nil, model: "m", upstream: "u")
  }
}

extension FollowerEvents {
  var text: String { chunks.map { String(buffer: $0) }.joined() }
}

func sharedKey(_ text: String) -> CacheKey {
  let request = CacheKey.Request(
    tenant: TenantKey(client: text, policy: CachePolicy()), upstreams: [], method: "POST", path: "/")
  return unsafe CacheKey(request, canonicalBody: UnsafeRawBufferPointer(start: nil, count: 0))
}
