import Glibc
import NIOCore

/// Reads one reply of HTTP/1.1 off the bytes of its connection, however they are cut. A value; the connection owns it.
struct ReplyReader {
  /// What was found.
  @safe enum Step {
    /// Everything was read; the next bytes go on.
    case more
    /// The final head is whole: `takeHead` has it.
    case head
    /// Bytes of the body.
    case body(UnsafeRawBufferPointer)
    /// The reply is whole.
    case end
    /// What came is not HTTP, or breaks its rules; the reason.
    case refuse(String)
  }

  private enum Place {
    case head
    case sized(Int)
    case chunked(ChunkReader)
    case untilClose
    case trailers
    case end
  }

  private var collector: ResponseHeadCollector
  private var place = Place.head
  /// The beginning of a line whose end has not come.
  private var line = ByteBuffer()
  private var hasStatusLine = false
  private var isHTTP10 = false
  private let isHead: Bool
  private var framing = ReplyFraming(body: .untilClose, keepsConnection: false)

  /// - Parameter isHead: the request's method is `HEAD`, whose reply has no body.
  init(isHead: Bool, allocator: ByteBufferAllocator) {
    self.isHead = isHead
    collector = ResponseHeadCollector(allocator: allocator)
  }

  /// Whether the final head has come, and says where the reply ends.
  private(set) var hasHead = false
  /// Lines that have been read of heads and trailers.
  private(set) var lineCount = 0

  /// Whether another request may go over the connection once the reply is whole.
  var keepsConnection: Bool { framing.keepsConnection }

  /// The head, whose lines are then the caller's alone.
  mutating func takeHead() -> ResponseHead { collector.takeHead() }

  /// Whether the connection's end is the reply's.
  var endsWithConnection: Bool { if case .untilClose = place { hasHead } else { false } }

  /// Reads from the front of `bytes`, which is moved on behind what was read.
  mutating func next(_ bytes: inout UnsafeRawBufferPointer) -> Step {
    switch place {
    case .head, .trailers: return unsafe nextLines(&bytes)
    case .sized(let left):
      guard unsafe !bytes.isEmpty else { return .more }
      let length = min(left, bytes.count)
      place = left == length ? .end : .sized(left - length)
      return unsafe .body(Self.take(length, of: &bytes))
    case .chunked(var reader):
      defer { if case .chunked = place { place = .chunked(reader) } }
      switch unsafe reader.next(&bytes) {
      case .more: return .more
      case .body(let part): return unsafe .body(part)
      case .refuse(let reason): return .refuse(reason)
      case .end:
        place = .trailers
        return unsafe nextLines(&bytes)
      }
    case .untilClose:
      guard unsafe !bytes.isEmpty else { return .more }
      return unsafe .body(Self.take(bytes.count, of: &bytes))
    case .end: return .end
    }
  }

  private static func take(_ count: Int, of bytes: inout UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<count])
    unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
    return unsafe part
  }

  // MARK: Lines

  private mutating func nextLines(_ bytes: inout UnsafeRawBufferPointer) -> Step {
    while unsafe !bytes.isEmpty {
      guard let start = bytes.baseAddress,
        let feed = unsafe memchr(start, CInt(UInt8(ascii: "\n")), bytes.count)
      else {
        unsafe line.writeBytes(Self.take(bytes.count, of: &bytes))
        let isTooLong = line.readableBytes > ResponseHeadCollector.maximumBytes
        return isTooLong ? .refuse("the reply's head is larger than 256 KiB") : .more
      }
      let part = unsafe Self.take(UnsafeRawPointer(feed) - start + 1, of: &bytes)
      if let step = unsafe line.readableBytes == 0 ? read(part) : readJoined(part) { return step }
    }
    return .more
  }

  /// The line began in bytes that came before.
  private mutating func readJoined(_ end: UnsafeRawBufferPointer) -> Step? {
    unsafe line.writeBytes(end)
    let joined = line
    line = ByteBuffer()
    return unsafe joined.withUnsafeReadableBytes { unsafe read($0) }
  }

  /// Nil where another line is to be read.
  private mutating func read(_ line: UnsafeRawBufferPointer) -> Step? {
    lineCount += 1
    if case .trailers = place { return unsafe readTrailer(line) }
    if let reason = unsafe readVersion(line) { return .refuse(reason) }
    switch unsafe collector.line(line) {
    case .more:
      if unsafe Self.isEmpty(line) {
        // An informational head is over, and another comes. Nobody has asked for another protocol.
        guard collector.lastStatus != 101 else { return .refuse("the upstream switched protocols unasked") }
        hasStatusLine = false
      }
      return nil
    case .trailer: return nil
    case .refuse(let reason): return .refuse(reason)
    case .head: return readFraming()
    }
  }

  private mutating func readTrailer(_ line: UnsafeRawBufferPointer) -> Step? {
    if case .refuse(let reason) = unsafe collector.line(line) { return .refuse(reason) }
    if unsafe Self.isEmpty(line) {
      place = .end
      return .end
    }
    // Trailers go nowhere, but what is none may be another message.
    return unsafe line.contains(UInt8(ascii: ":")) ? nil : .refuse("a trailer line of the reply has no name")
  }

  /// A head begins with a status line of HTTP/1, and has no other.
  private mutating func readVersion(_ line: UnsafeRawBufferPointer) -> String? {
    let isStatusLine =
      if let start = line.baseAddress, line.count >= 5 { unsafe memcmp(start, "HTTP/", 5) == 0 } else { false }
    if hasStatusLine { return isStatusLine ? "the reply's head has two status lines" : nil }
    // As long as "HTTP/1.1 200" and what ends it; the code itself is the collector's to read.
    guard isStatusLine, line.count > 12, unsafe line[5] == UInt8(ascii: "1"), unsafe line[6] == UInt8(ascii: "."),
      unsafe line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1"), unsafe line[8] == UInt8(ascii: " "),
      unsafe line[12] == UInt8(ascii: " ") || line[12] == UInt8(ascii: "\r") || line[12] == UInt8(ascii: "\n")
    else { return "the reply does not begin with a status line of HTTP/1" }
    hasStatusLine = true
    isHTTP10 = unsafe line[7] == UInt8(ascii: "0")
    return nil
  }

  private mutating func readFraming() -> Step {
    do throws(ReplyFault) {
      framing = try ReplyFraming(
        collector.head.fields, status: collector.head.status, isHead: isHead, isHTTP10: isHTTP10)
    } catch {
      return .refuse(error.reason)
    }
    place =
      switch framing.body {
      case .none: .end
      case .sized(let length): .sized(length)
      case .chunked: .chunked(ChunkReader())
      case .untilClose: .untilClose
      }
    hasHead = true
    return .head
  }

  private static func isEmpty(_ line: UnsafeRawBufferPointer) -> Bool {
    unsafe line.count == 1 || (line.count == 2 && line[0] == UInt8(ascii: "\r"))
  }
}
