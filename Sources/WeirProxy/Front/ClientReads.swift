import NIOCore

/// How much is read of a client at once. NIO keeps a connection's first buffer for as long as that lives, and lets it grow
/// to the largest read there ever was; so the first is small, and the others are given back as soon as they are read.
///
/// What is left of a body that is collected comes in few large steps. Lives on its connection's event loop: the channel and
/// the handler share it there.
final class ClientReads: RecvByteBufferAllocator, @unchecked Sendable {
  /// Bytes of a body that the next read may bring.
  var expected = 0
  private var sizes = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: unreservedStep)
  private var isFirst = true

  /// Holds a small head; what it does not hold comes with the next read.
  private static let firstRead = 512
  /// The most that is read of a body that has room reserved, in bytes; still in the processor's cache when it is copied on.
  private static let largestStep = 256 * 1024
  /// The same where nothing is reserved.
  static let unreservedStep = 64 * 1024

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    if isFirst { return allocator.buffer(capacity: Self.firstRead) }
    return isStep ? allocator.buffer(capacity: min(expected, Self.largestStep)) : sizes.buffer(allocator: allocator)
  }

  /// True tells NIO to ask for a new buffer instead of filling the first again.
  func record(actualReadBytes: Int) -> Bool {
    if isFirst {
      isFirst = false
    } else if !isStep {
      _ = sizes.record(actualReadBytes: actualReadBytes)
    }
    return true
  }

  /// Whether the next read is one of a body's large steps.
  private var isStep: Bool { expected > 16 * 1024 }
}
