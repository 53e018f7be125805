import NIOCore
import Testing
import WeirWire

@testable import WeirProxy

@Suite("A model list while it is collected")
struct ModelListCollectionTests {
  private let allowance = Allowance(bound: 1 << 20)

  private func collection() -> ModelListCollection { ModelListCollection(isShared: true, allowance: allowance) }

  @Test(
    "is a whole reply that weir can read, or a failure of the server",
    arguments: [
      (200, [], true), (200, ["Content-Encoding: gzip"], true), (200, ["Content-Encoding: deflate"], true),
      (200, ["Content-Encoding: br"], false), (200, ["Content-Type: text/event-stream"], false),
      (200, ["Content-Length: 16777216"], true), (200, ["Content-Length: 16777217"], false),
      (206, [], false), (304, [], false), (401, [], false), (404, [], false),
      (500, [], true), (503, ["Content-Encoding: br", "Content-Length: 99999999"], true),
    ] as [(Int, [String], Bool)])
  func takes(status: Int, lines: [String], taken: Bool) {
    let collection = collection()
    #expect(collection.takes(replyHead(lines), status: status) == taken)
    #expect((collection.head != nil) == taken)
    #expect(collection.isFailure == (status >= 500))
  }

  @Test("counts against the process's bound until it goes")
  func bound() {
    do {
      let collection = collection()
      #expect(collection.holds(1))
      #expect(allowance.inUse > 0)
      #expect(collection.holds(1 << 20))
      #expect(allowance.inUse == 1 << 20)
      #expect(!collection.holds(1 << 20 + 1))
      #expect(!self.collection().holds(1))
    }
    #expect(allowance.inUse == 0)
  }

  @Test("is never larger than 16 MiB")
  func limit() {
    let collection = ModelListCollection(isShared: true, allowance: Allowance(bound: .max))
    #expect(collection.holds(ModelListCollection.limit))
    #expect(!collection.holds(ModelListCollection.limit + 1))
  }

  @Test("loses its content coding")
  func decoded() throws {
    let text = Array(String(repeating: "list ", count: 10_000).utf8)
    let packed = ByteBuffer(bytes: try #require(Gzip.compress(text, level: 6)))
    let collection = collection()
    #expect(collection.takes(replyHead(["Content-Encoding: gzip"]), status: 200))
    let plain = try #require(collection.decoded(packed, allocator: ByteBufferAllocator()))
    #expect(Array(plain.readableBytesView) == text)
  }

  @Test("is not decoded when it is cut, damaged or a bomb")
  func undecodable() throws {
    let collection = collection()
    #expect(collection.takes(replyHead(["Content-Encoding: gzip"]), status: 200))
    let bomb = try #require(
      Gzip.compress([UInt8](repeating: 0, count: ModelListCollection.limit + 1), level: 9))
    let packed = try #require(Gzip.compress(Array("list".utf8), level: 6))
    for bytes in [bomb, Array(packed.dropLast()), Array("plain".utf8), []] {
      #expect(collection.decoded(ByteBuffer(bytes: bytes), allocator: ByteBufferAllocator()) == nil)
    }
  }

  @Test("stays as it is without one")
  func plain() {
    let collection = collection()
    #expect(collection.takes(replyHead(["Content-Type: application/json"]), status: 200))
    let body = ByteBuffer(string: "{}")
    #expect(collection.decoded(body, allocator: ByteBufferAllocator()) == body)
  }
}
