import CWeirZlib

/// Inflates one compressed body as its bytes come, under a bound on what comes out (RFC 1950, 1951, 1952). Owns its
/// zlib stream. Not Sendable: belongs to one thread at a time.
@safe public final class Inflater {
  /// The values of Content-Encoding that can be inflated.
  public enum Encoding: Sendable, CaseIterable {
    /// RFC 1952; several members one after the other are one body.
    case gzip
    /// RFC 1950 as HTTP means it, and the bare RFC 1951 stream that some senders make of it.
    case deflate
  }

  private enum State: Equatable {
    /// Waiting for the two bytes that tell zlib's header from a bare stream.
    case undecided(first: UInt8?)
    case running
    case ended
    case failed(InflateError)
  }

  private static let chunkBytes = 32_768

  private let encoding: Encoding
  private let limit: Int
  private var produced = 0
  private var state: State
  /// At one address for its whole life, since zlib's own state points back to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private let chunk: UnsafeMutableRawBufferPointer

  /// Nil when zlib has no memory.
  ///
  /// - Parameter limit: bytes that may come out in all.
  public init?(encoding: Encoding, limit: Int) {
    self.encoding = encoding
    self.limit = limit
    state = encoding == .gzip ? .running : .undecided(first: nil)
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe chunk = .allocate(byteCount: Self.chunkBytes, alignment: 16)
    // 15 is the largest window; 16 more means gzip's wrapper.
    guard unsafe weir_inflate_init(stream, encoding == .gzip ? 31 : 15) == Z_OK else { return nil }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
    unsafe chunk.deallocate()
  }

  /// Inflates the next bytes.
  ///
  /// - Parameter sink: called with each part of the output, valid only during the call; never with more than the limit.
  /// - Throws: once it has thrown, every later call throws the same.
  public func inflate(
    _ bytes: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) -> Void
  ) throws(InflateError) {
    if case .failed(let error) = state { throw error }
    do throws(InflateError) {
      let rest = unsafe try decide(bytes, sink)
      unsafe try run(rest, sink)
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// Call when the body is over.
  ///
  /// - Throws: what ``inflate(_:_:)`` threw, or `truncated` when the compressed stream has not ended.
  public func finish() throws(InflateError) {
    switch state {
    case .ended: return
    case .failed(let error): throw error
    case .undecided, .running: throw .truncated
    }
  }

  /// Tells zlib's wrapper from a bare stream by the first two bytes (RFC 1950, section 2.2); returns what is left.
  private func decide(
    _ bytes: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) -> Void
  ) throws(InflateError) -> UnsafeRawBufferPointer {
    guard case .undecided(let kept) = state, let next = unsafe bytes.first else { return unsafe bytes }
    guard let first = kept ?? (bytes.count >= 2 ? next : nil) else {
      state = .undecided(first: next)
      return unsafe UnsafeRawBufferPointer(rebasing: bytes[1...])
    }
    let second = unsafe kept == nil ? bytes[1] : next
    let isWrapped = first & 0x0f == 8 && first >> 4 <= 7 && (UInt16(first) << 8 | UInt16(second)) % 31 == 0
    if !isWrapped, unsafe inflateReset2(stream, -15) != Z_OK { throw .corrupt }
    state = .running
    if let kept {
      unsafe try withUnsafeBytes(of: kept) { one throws(InflateError) in unsafe try run(one, sink) }
    }
    return unsafe bytes
  }

  private func run(
    _ bytes: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) -> Void
  ) throws(InflateError) {
    // zlib counts in 32 bits.
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      let part = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
      unsafe stream.pointee.next_in = UnsafeMutablePointer(
        mutating: part.bindMemory(to: UInt8.self).baseAddress)
      unsafe stream.pointee.avail_in = UInt32(part.count)
      repeat {
        unsafe try step(sink)
      } while unsafe stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
    }
  }

  private func step(_ sink: (UnsafeRawBufferPointer) -> Void) throws(InflateError) {
    if state == .ended {
      guard unsafe stream.pointee.avail_in > 0 else {
        unsafe stream.pointee.avail_out = UInt32(chunk.count)
        return
      }
      // Only gzip has members that follow each other.
      guard encoding == .gzip, unsafe inflateReset(stream) == Z_OK else { throw .corrupt }
      state = .running
    }
    unsafe stream.pointee.next_out = chunk.bindMemory(to: UInt8.self).baseAddress
    unsafe stream.pointee.avail_out = UInt32(chunk.count)
    let result = unsafe CWeirZlib.inflate(stream, Z_NO_FLUSH)
    let count = unsafe chunk.count - Int(stream.pointee.avail_out)
    guard count <= limit - produced else { throw .tooLarge }
    produced += count
    if count > 0 { unsafe sink(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
    switch result {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: state = .ended
    default: throw .corrupt
    }
  }
}
