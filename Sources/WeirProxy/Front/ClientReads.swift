import NIOCore

/// How much is read of a client at once. NIO keeps a connection's first buffer for as long as that lives, and lets it grow
/// to the largest read there ever was; so the first is small, and the others are given back as soon as they are read.
///
/// Lives on its connection's event loop: the channel and the handler share it there.
final class ClientReads: RecvByteBufferAllocator, @unchecked Sendable {
  /// What the next read is for.
  enum Purpose {
    /// A head, and what comes with it.
    case head
    /// A part of a body.
    case part
    /// To know that there is more of a body, which is then read to its place.
    case news
  }

  var next = Purpose.head
  private var sizes = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: largestPart)
  private var isFirst = true

  /// Holds a small head; what it does not hold comes with the next read.
  private static let firstRead = 512
  /// The most that is read at once of a body that is copied on or passed on, in bytes.
  static let largestPart = 64 * 1024

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    if isFirst { return allocator.buffer(capacity: Self.firstRead) }
    switch next {
    case .head: return sizes.buffer(allocator: allocator)
    case .part: return allocator.buffer(capacity: Self.largestPart)
    case .news: return allocator.buffer(capacity: Self.firstRead)
    }
  }

  /// True tells NIO to ask for a new buffer instead of filling the first again.
  func record(actualReadBytes: Int) -> Bool {
    if isFirst {
      isFirst = false
    } else if case .head = next {
      _ = sizes.record(actualReadBytes: actualReadBytes)
    }
    return true
  }
}
