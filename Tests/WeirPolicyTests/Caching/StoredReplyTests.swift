import Testing
import WeirPolicy
import WeirWire

@Suite("A kept reply")
struct StoredReplyTests {
  private func made(_ body: [UInt8], encoding: String? = nil) -> StoredReply {
    StoredReply(
      StoredReply.Description(contentEncoding: encoding, model: "m", upstream: "u", storedAt: seconds(100)),
      head: [1, 2, 3], body: body)
  }

  @Test("has an age in whole seconds, never below 0")
  func age() {
    let reply = made([])
    #expect(reply.age(now: seconds(100)) == 0)
    #expect(reply.age(now: seconds(161) - 1) == 60)
    #expect(reply.age(now: seconds(161)) == 61)
    #expect(reply.age(now: seconds(99)) == 0)
    #expect(reply.age(now: .min) == 0)
  }

  @Test("is held compressed where that saves memory, and inflates to the same bytes")
  func compressed() {
    let body = Array(String(repeating: "data: {\"choices\":[]}\n\n", count: 1000).utf8)
    let plain = made(body)
    let small = plain.compressed()
    #expect(small.isHeldCompressed && small.body.count < body.count / 10)
    #expect(small.heldBytes < plain.heldBytes / 5)
    #expect(small.bodyCount == body.count && small.head == plain.head && small.description == plain.description)
    #expect(small.bodyBytes() == body)
    #expect(plain.bodyBytes() == body && !plain.isHeldCompressed)
    #expect(small.compressed().body == small.body)
  }

  @Test("stays as it is where compression saves little, or the upstream coded it")
  func incompressible() {
    var random = SplitMix64(seed: 5)
    let noise = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    #expect(!made(noise).compressed().isHeldCompressed)
    #expect(!made(Array(repeating: 0, count: 4096), encoding: "br").compressed().isHeldCompressed)
    #expect(!made([]).compressed().isHeldCompressed)
  }

  @Test("counts what it holds, and holds no spare room of its maker")
  func held() {
    var roomy = Array(repeating: UInt8(1), count: 1000)
    roomy.reserveCapacity(1_000_000)
    let reply = made(roomy)
    #expect(reply.heldBytes < 3000 && reply.heldBytes > 1003)
    #expect(reply.body == roomy)
    let long = String(repeating: "m", count: 500)
    let named = StoredReply(.init(model: long, upstream: "u", storedAt: 0), head: [], body: [])
    #expect(named.heldBytes > made([]).heldBytes + 400)
  }
}
