import NIOCore

/// How much is read of a client at once. NIO keeps a connection's first buffer for as long as that lives, and lets it grow
/// to the largest read there ever was; so the first is small, and the others are given back as soon as they are read.
struct ClientReads: RecvByteBufferAllocator {
  private var sizes = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: 64 * 1024)
  private var isFirst = true

  /// Holds a small head; what it does not hold comes with the next read.
  private static let firstRead = 512

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    isFirst ? allocator.buffer(capacity: Self.firstRead) : sizes.buffer(allocator: allocator)
  }

  /// True tells NIO to ask for a new buffer instead of filling the first again.
  mutating func record(actualReadBytes: Int) -> Bool {
    if isFirst {
      isFirst = false
    } else {
      _ = sizes.record(actualReadBytes: actualReadBytes)
    }
    return true
  }
}
