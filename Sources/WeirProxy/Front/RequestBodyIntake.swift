import NIOCore
import WeirPolicy
import WeirWire

/// Collects a JSON API's body under its bound and under the process's allowance for buffered bytes. A value; the
/// exchange owns it and must call `giveBack` once the bytes are no longer held.
struct RequestBodyIntake {
  private(set) var body: ByteBuffer
  /// Bytes at the body's end that were read to their place, and have not come by as parts.
  private var ahead = 0
  private var taken = 0
  private let limit: Int

  /// Chunked bodies take from the allowance in steps of this many bytes.
  private static let step = 64 * 1024
  /// A client that announces a large body gets its memory as the bytes come.
  private static let largestReservation = 1024 * 1024
  /// The most that is read to its place before other connections have their turn.
  private static let largestRead = 1024 * 1024

  init(limit: Int) {
    self.limit = limit
    body = ByteBuffer()
  }

  /// Before the body is read: is what the client announces within the bounds?
  mutating func announce(_ contentLength: Int, allowance: Allowance, allocator: ByteBufferAllocator) throws(Refusal) {
    try checkAnnounced(contentLength)
    try take(contentLength, from: allowance)
    body = allocator.buffer(capacity: min(contentLength, Self.largestReservation))
  }

  func checkAnnounced(_ contentLength: Int) throws(Refusal) {
    guard contentLength <= limit else { throw Self.tooLarge(limit) }
  }

  /// For bodies that go by without being held: the refusal once more than the bound has gone.
  func refusalOver(_ received: Int) -> Refusal? { received > limit ? Self.tooLarge(limit) : nil }

  /// Reads on where the body ends, so that nobody copies it; `source` fills the room that it is given as far as it can and
  /// says how far. What is read is at most the rest of an announced body, `left` bytes, and still comes by as parts.
  ///
  /// - Returns: what was read, for the one who makes parts of it; nil where that is nothing.
  mutating func read(_ left: Int, from source: (UnsafeMutableRawBufferPointer) -> Int) -> ByteBuffer? {
    let start = body.writerIndex
    var room = min(left, Self.largestRead)
    while room > 0 {
      let step = min(room, max(body.writableBytes, Self.step))
      let count = unsafe body.writeWithUnsafeMutableBytes(minimumWritableBytes: step) { bytes in
        unsafe max(source(UnsafeMutableRawBufferPointer(rebasing: bytes[..<step])), 0)
      }
      room -= count
      if count < step { break }
    }
    guard body.writerIndex > start else { return nil }
    ahead += body.writerIndex - start
    return body.getSlice(at: start, length: body.writerIndex - start)
  }

  mutating func append(_ part: inout ByteBuffer, allowance: Allowance) throws(Refusal) {
    guard ahead == 0 else {
      ahead -= part.readableBytes
      return
    }
    let count = body.readableBytes + part.readableBytes
    guard count <= limit else { throw Self.tooLarge(limit) }
    if count > taken { try take(max(count - taken, Self.step), from: allowance) }
    if body.readableBytes == 0, part.readableBytes >= body.capacity {
      body = part
    } else {
      body.writeBuffer(&part)
    }
  }

  /// The body without its content coding.
  mutating func inflate(_ encoding: Inflater.Encoding, allowance: Allowance, allocator: ByteBufferAllocator)
    throws(Refusal)
  {
    guard let inflater = Inflater(encoding: encoding, limit: limit) else {
      throw Refusal(.overloaded, "there is no memory to inflate the body", remedy: "Try again.", retryAfterSeconds: 1)
    }
    var inflated = allocator.buffer(capacity: min(body.readableBytes * 4, limit))
    do throws(InflateError) {
      var failure: InflateError?
      unsafe body.withUnsafeReadableBytes { bytes in
        do throws(InflateError) {
          try unsafe inflater.inflate(bytes) { unsafe _ = inflated.writeBytes($0) }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      try inflater.finish()
    } catch {
      guard error != .tooLarge else { throw Self.tooLarge(limit) }
      throw Refusal(
        .unsupportedEncoding, "the body is not valid in the Content-Encoding that it names",
        remedy: "Send it valid, or without Content-Encoding.", status: 400)
    }
    if inflated.readableBytes > taken { try take(inflated.readableBytes - taken, from: allowance) }
    body = inflated
  }

  mutating func giveBack(to allowance: Allowance) {
    allowance.giveBack(taken)
    taken = 0
    ahead = 0
    body = ByteBuffer()
  }

  private mutating func take(_ count: Int, from allowance: Allowance) throws(Refusal) {
    guard allowance.take(count) else {
      throw Refusal(
        .overloaded, "as many request bytes are held as may be",
        remedy: "Try again in a moment, or raise WEIR_MAX_BUFFERED_BYTES.", retryAfterSeconds: 1)
    }
    taken += count
  }

  private static func tooLarge(_ limit: Int) -> Refusal {
    Refusal(
      .bodyTooLarge, "the request's body is larger than \(limit) bytes",
      remedy: "Send a smaller body, or raise WEIR_MAX_BODY_BYTES.")
  }
}
