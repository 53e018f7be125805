import NIOCore

/// The buffer that every connection of an engine reads into, since what is read is copied on before the next read. Lives
/// on one event loop.
final class SharedReads {
  private var buffer: ByteBuffer?

  /// Bytes of one read.
  private static let capacity = 64 * 1024

  /// The buffer, empty and nobody else's; a new one where it is in use.
  func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
    var taken = buffer.take() ?? allocator.buffer(capacity: Self.capacity)
    taken.clear()
    return taken
  }

  /// What was read has been copied on.
  func giveBack(_ read: consuming ByteBuffer) {
    if read.storageCapacity >= Self.capacity { buffer = read }
  }
}

/// Has a connection read into the engine's buffer. NIO keeps a connection's first buffer for as long as that lives, so the
/// first is a small one of its own. The channel uses it on its event loop only.
final class ConnectionReads: RecvByteBufferAllocator, @unchecked Sendable {
  private let shared: SharedReads
  private var isFirst = true

  private static let firstRead = 512

  init(_ shared: SharedReads) { self.shared = shared }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    if isFirst { return allocator.buffer(capacity: Self.firstRead) }
    return shared.take(allocator)
  }

  /// True tells NIO to ask for a new buffer instead of filling the first again.
  func record(actualReadBytes: Int) -> Bool {
    isFirst = false
    return true
  }
}
