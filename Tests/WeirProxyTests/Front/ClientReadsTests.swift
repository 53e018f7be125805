import NIOCore
import Testing

@testable import WeirProxy

@Suite("What is read of a client at once")
struct ClientReadsTests {
  /// The room of the next reads, each of which fills it to this share.
  private func rooms(_ count: Int, filling share: Double = 1) -> [Int] {
    let allocator = ByteBufferAllocator()
    var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ClientReads())
    return (0..<count).map { _ in
      let (_, room) = pool.buffer(allocator: allocator) { buffer in
        let room = buffer.writableBytes
        buffer.writeRepeatingByte(0, count: Int(Double(room) * share))
        return room
      }
      pool.record(actualReadBytes: Int(Double(room) * share))
      return room
    }
  }

  @Test("grows while a client sends more than it holds, up to a bound")
  func growth() {
    #expect(rooms(8) == [512, 2048, 4096, 8192, 16384, 32768, 65536, 65536])
  }

  @Test("is little at first, since NIO keeps that, and no less than a small request later")
  func small() {
    #expect(rooms(6, filling: 0.1) == [512, 2048, 2048, 2048, 2048, 2048])
  }

  @Test("is a part of a body that is passed on, little where the rest is read to its place, and as before behind it")
  func purposes() {
    let reads = ClientReads()
    var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: reads)
    func room(_ purpose: ClientReads.Purpose) -> Int {
      reads.next = purpose
      let (_, room) = pool.buffer(allocator: ByteBufferAllocator()) { $0.writableBytes }
      pool.record(actualReadBytes: room)
      return room
    }
    #expect(room(.head) == 512)
    #expect(room(.head) == 2048)
    #expect(room(.part) == 65_536)
    #expect(room(.news) == 512)
    #expect(room(.head) == 4096)
    #expect(pool.count == 1)
  }

  @Test("leaves the connection with the first buffer only")
  func kept() {
    let allocator = ByteBufferAllocator()
    var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ClientReads())
    for _ in 0..<8 {
      let (_, count) = pool.buffer(allocator: allocator) { buffer in
        buffer.writeRepeatingByte(0, count: buffer.writableBytes)
      }
      pool.record(actualReadBytes: count)
    }
    // Without a room that it asks for, the pool gives what it has.
    pool.recvAllocator = FixedSizeRecvByteBufferAllocator(capacity: 1)
    let (_, kept) = pool.buffer(allocator: allocator) { $0.capacity }
    #expect(kept == 512)
  }
}
