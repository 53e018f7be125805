import Glibc
public import NIOCore

/// A reply's head: the status and the field lines as they came, each `name: value\r\n` (RFC 9112, section 5).
public struct ResponseHead: Sendable {
  /// The final status code, 200 to 999.
  public var status: Int
  /// Field lines without the status line and without the empty line.
  public var fields: ByteBuffer
}

/// Follows the lines that libcurl hands over one by one: informational heads are passed over, the final head is
/// collected, what comes after it are trailers.
struct ResponseHeadCollector {
  /// What a line meant.
  enum Step: Equatable {
    /// More lines are to come.
    case more
    /// The final head is whole.
    case head
    /// A trailer line, which goes nowhere.
    case trailer
    /// The upstream broke a rule; the reason.
    case refuse(String)
  }

  /// More than this many bytes of head lines (informational heads and trailers included) is an attack or a fault.
  static let maximumBytes = 256 * 1024

  private(set) var head: ResponseHead
  private(set) var isComplete = false
  private var bytesSeen = 0
  /// Of the last status line, informational or not.
  private(set) var lastStatus = 0

  init(allocator: ByteBufferAllocator) {
    head = ResponseHead(status: 0, fields: allocator.buffer(capacity: 1024))
  }

  /// The head that is whole, whose lines are then the caller's alone.
  mutating func takeHead() -> ResponseHead {
    defer { head.fields = ByteBuffer() }
    return head
  }

  /// Takes one line, its line end included.
  mutating func line(_ bytes: UnsafeRawBufferPointer) -> Step {
    bytesSeen += bytes.count
    guard bytesSeen <= Self.maximumBytes else { return .refuse("the reply's head is larger than 256 KiB") }
    var end = bytes.count
    if end > 0, unsafe bytes[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    let hasLineFeed = end < bytes.count
    if end > 0, unsafe bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let line = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<end])
    // A lone CR or a NUL inside a line could be read as a line end by the client: response splitting.
    if unsafe Self.holdsControl(line) {
      return .refuse("a header of the reply holds a control character")
    }
    if isComplete { return .trailer }
    if unsafe line.isEmpty { return endOfHead() }
    if let status = unsafe Self.status(of: line) {
      lastStatus = status
      head.fields.clear(minimumCapacity: 1024)
      return .more
    }
    // The usual line goes into the collection with the line end that it came with.
    return unsafe field(line, ended: hasLineFeed && end + 2 == bytes.count ? bytes : nil)
  }

  private static func holdsControl(_ line: UnsafeRawBufferPointer) -> Bool {
    var found = 0
    // Without a way out of the loop the compiler makes vectors of it.
    for index in line.indices {
      let byte = unsafe line[index]
      found |= (byte < 0x20 && byte != 0x09) || byte == 0x7F ? 1 : 0
    }
    return found != 0
  }

  private mutating func endOfHead() -> Step {
    guard lastStatus >= 200 else { return lastStatus >= 100 ? .more : .refuse("the reply has no status line") }
    head.status = lastStatus
    isComplete = true
    return .head
  }

  /// - Parameter ended: the line with its CRLF, where it came with one.
  private mutating func field(_ line: UnsafeRawBufferPointer, ended: UnsafeRawBufferPointer?) -> Step {
    let first = unsafe line[0]
    if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
      // RFC 9112, section 5.2: a proxy replaces an obsolete line fold with spaces.
      guard head.fields.readableBytes >= 2 else { return .refuse("the reply begins with a folded line") }
      head.fields.moveWriterIndex(to: head.fields.writerIndex - 2)
      head.fields.writeInteger(UInt8(ascii: " "))
      unsafe head.fields.writeBytes(line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
      head.fields.writeInteger(UInt16(0x0D0A))
      return .more
    }
    guard let start = line.baseAddress, let place = unsafe memchr(start, CInt(UInt8(ascii: ":")), line.count),
      case let colon = unsafe UnsafeRawPointer(place) - start, colon > 0
    else { return .refuse("a header line of the reply has no name") }
    for index in 0..<colon where unsafe line[index] <= 0x20 || line[index] >= 0x7F {
      return .refuse("a header name of the reply holds a space or control character")
    }
    if let ended = unsafe ended {
      unsafe head.fields.writeBytes(ended)
    } else {
      unsafe head.fields.writeBytes(line)
      head.fields.writeInteger(UInt16(0x0D0A))
    }
    return .more
  }

  /// The code of `HTTP/1.1 200 OK` or `HTTP/2 200`; nil when the line is a field.
  private static func status(of line: UnsafeRawBufferPointer) -> Int? {
    guard line.count >= 10, let start = line.baseAddress, unsafe memcmp(start, "HTTP/", 5) == 0 else { return nil }
    guard let space = unsafe line.firstIndex(of: UInt8(ascii: " ")), space + 3 < line.count else { return nil }
    var code = 0
    for index in space + 1...space + 3 {
      let digit = unsafe line[index]
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      code = code * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return code >= 100 ? code : nil
  }
}
