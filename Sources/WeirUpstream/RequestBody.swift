public import NIOCore

/// What a transfer sends after its head.
public enum RequestBody {
  /// No body and no `Content-Length`.
  case none
  /// A body that is there whole.
  case whole(ByteBuffer)
  /// The same, in parts that nobody has joined: what is large is copied once less.
  case parts([ByteBuffer])
  /// A body that arrives by `Transfer.send(_:)`; nil length goes out chunked (HTTP/1.1) or unsized (HTTP/2).
  case streaming(length: Int64?)
}

/// Bytes of a body in parts, or of a streaming one as far as it arrived, that did not leave yet. A value; the transfer
/// owns it.
struct PendingBody {
  /// Nil until there is a part: most transfers have none.
  private var parts: CircularBuffer<ByteBuffer>?
  /// Whether the last of them has memory of its own, into which small parts are written.
  private var endIsGathered = false
  private(set) var count = 0
  private(set) var isFinished = false

  /// A streaming body, of which nothing has arrived.
  init() {}

  /// A body that is there whole.
  init(_ parts: [ByteBuffer]) {
    for part in parts { append(part) }
    isFinished = true
  }

  /// A part below this size, in bytes, is copied into buffers of this size: it may be all that keeps the one that it was
  /// read into, which is far larger.
  private static let smallPart = 16 * 1024

  mutating func append(_ part: ByteBuffer) {
    guard part.readableBytes > 0 else { return }
    count += part.readableBytes
    guard part.readableBytes < Self.smallPart else {
      parts = parts ?? CircularBuffer(initialCapacity: 4)
      parts?.append(part)
      endIsGathered = false
      return
    }
    gather(part)
  }

  private mutating func gather(_ part: ByteBuffer) {
    // Taken out, so that the bytes are written where they are.
    var parts = self.parts.take() ?? CircularBuffer(initialCapacity: 4)
    defer { self.parts = parts }
    if endIsGathered, let end = parts.indices.last, parts[end].writableBytes >= part.readableBytes {
      parts[end].writeImmutableBuffer(part)
      return
    }
    var gathered = ByteBufferAllocator().buffer(capacity: parts.isEmpty ? part.readableBytes : Self.smallPart)
    gathered.writeImmutableBuffer(part)
    parts.append(gathered)
    endIsGathered = true
  }

  /// Bytes of memory that the parts hold, for tests.
  var heldBytes: Int { parts?.reduce(0) { $0 + $1.storageCapacity } ?? 0 }

  mutating func finish() { isFinished = true }

  /// Takes the first part out, as far as it is no longer than this; nil where none waits.
  mutating func next(upTo length: Int) -> ByteBuffer? {
    guard var part = parts?.first else { return nil }
    if part.readableBytes <= length {
      parts?.removeFirst()
      endIsGathered = endIsGathered && parts?.isEmpty == false
      count -= part.readableBytes
      return part
    }
    guard let piece = part.readSlice(length: length), let parts else { return nil }
    self.parts?[parts.startIndex] = part
    count -= length
    return piece
  }

  /// Moves as much as fits into `room` and says how much that was.
  mutating func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    guard var parts else { return 0 }
    self.parts = nil
    while filled < room.count, var part = parts.first {
      let length = min(part.readableBytes, room.count - filled)
      unsafe part.readWithUnsafeReadableBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[filled..<filled + length])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        return length
      }
      filled += length
      if part.readableBytes == 0 { parts.removeFirst() } else { parts[parts.startIndex] = part }
    }
    self.parts = parts
    count -= filled
    return filled
  }
}
