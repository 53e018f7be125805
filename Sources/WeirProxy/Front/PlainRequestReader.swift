import Glibc
import NIOCore
import NIOHTTP1

/// Reads requests as nearly every client sends them: `GET` or `POST`, fields in plain ASCII, a body of announced length.
/// What it reads it reads as NIO's decoder does, in a tenth of the steps; all else it leaves alone (`isOver`), so that
/// one strict reader judges it. A value; the connection owns it.
///
/// Nothing of a head is taken before all of it is there, so that the decoder gets the whole of one that is not plain.
struct PlainRequestReader {
  /// Larger heads are not for this reader.
  let maximumHeaderBytes: Int
  /// Whether what comes, from what the last bytes were left with on, is not for this reader.
  private(set) var isOver = false
  /// The beginning of a head, and how often its end was looked for.
  private var held = ByteBuffer()
  private var looks = 0
  private var bodyLeft = 0
  private var isInRequest = false

  /// A head that comes in more pieces is read from its beginning no more.
  private static let maximumLooks = 8

  init(maximumHeaderBytes: Int) { self.maximumHeaderBytes = maximumHeaderBytes }

  /// The next part that `bytes`, which is moved on behind it, make whole; nil where there is none. Once `isOver`, they begin
  /// with all that no part has been made of.
  mutating func next(_ bytes: inout ByteBuffer) -> HTTPServerRequestPart? {
    if isInRequest { return nextOfBody(&bytes) }
    guard bytes.readableBytes > 0, !isOver else { return nil }
    if held.readableBytes > 0 {
      held.writeImmutableBuffer(bytes)
      bytes = held
      held = ByteBuffer()
    }
    looks += 1
    switch unsafe bytes.withUnsafeReadableBytes({ unsafe PlainHead.read($0) }) {
    case .incomplete where looks < Self.maximumLooks && bytes.readableBytes <= maximumHeaderBytes:
      held = bytes
      bytes = ByteBuffer()
      return nil
    case .head(let head, let length, let bodyLength) where length <= maximumHeaderBytes:
      bytes.moveReaderIndex(forwardBy: length)
      looks = 0
      bodyLeft = bodyLength
      isInRequest = true
      return .head(head)
    case .incomplete, .head, .other:
      isOver = true
      return nil
    }
  }

  private mutating func nextOfBody(_ bytes: inout ByteBuffer) -> HTTPServerRequestPart? {
    guard bodyLeft > 0 else {
      isInRequest = false
      return .end(nil)
    }
    guard let part = bytes.readSlice(length: min(bodyLeft, bytes.readableBytes)), part.readableBytes > 0 else {
      return nil
    }
    bodyLeft -= part.readableBytes
    return .body(part)
  }
}

/// A request's head that nothing is unusual about.
private enum PlainHead {
  enum Reading {
    /// Plain so far; its end has not come.
    case incomplete
    /// The head, its bytes, and those of the body behind it.
    case head(HTTPRequestHead, length: Int, bodyLength: Int)
    case other
  }

  private static let maximumFields = 100
  /// Digits of a length, so that it fits an `Int`.
  private static let maximumDigits = 18

  static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
    var lines = unsafe Lines(bytes)
    let request: (method: HTTPMethod, target: String)
    switch unsafe lines.next() {
    case .end: return .other
    case .incomplete(let start): return unsafe mayBeginRequest(start) ? .incomplete : .other
    case .line(let line):
      guard let read = unsafe requestLine(line) else { return .other }
      request = read
    case .other: return .other
    }
    var fields: [(String, String)] = []
    fields.reserveCapacity(12)
    var bodyLength: Int?
    while true {
      switch unsafe lines.next() {
      case .incomplete: return .incomplete
      case .other: return .other
      case .end:
        let head = HTTPRequestHead(
          version: .http1_1, method: request.method, uri: request.target, headers: HTTPHeaders(fields))
        return .head(head, length: unsafe lines.position, bodyLength: bodyLength ?? 0)
      case .line(let line):
        guard fields.count < maximumFields, let field = unsafe field(line) else { return .other }
        switch field.kind {
        case .transferEncoding, .upgrade, .hopByHop: return .other
        case .connection where !isPlainConnection(field.value): return .other
        case .contentLength:
          guard bodyLength == nil, let length = length(field.value) else { return .other }
          bodyLength = length
        default: break
        }
        fields.append((field.name, field.value))
      }
    }
  }

  private static func mayBeginRequest(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe begins(bytes, with: "POST /") || begins(bytes, with: "GET /")
  }

  /// Whether the two are the same as far as the shorter goes.
  private static func begins(_ bytes: UnsafeRawBufferPointer, with text: StaticString) -> Bool {
    let expected = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return unsafe zip(bytes, expected).allSatisfy { $0 == $1 }
  }

  private static func requestLine(_ line: UnsafeRawBufferPointer) -> (method: HTTPMethod, target: String)? {
    let version: StaticString = " HTTP/1.1"
    let isPost = unsafe line.first == UInt8(ascii: "P")
    // Behind the method and its space.
    let start = isPost ? 5 : 4
    let end = line.count - version.utf8CodeUnitCount
    guard unsafe mayBeginRequest(line), end > start,
      unsafe begins(UnsafeRawBufferPointer(rebasing: line[end...]), with: version)
    else { return nil }
    let target = unsafe UnsafeRawBufferPointer(rebasing: line[start..<end])
    guard unsafe target.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "#") }) else { return nil }
    return unsafe (isPost ? .POST : .GET, String(decoding: target, as: UTF8.self))
  }

  private static func field(_ line: UnsafeRawBufferPointer) -> (kind: FieldKind, name: String, value: String)? {
    guard let colon = unsafe line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
    let name = unsafe UnsafeRawBufferPointer(rebasing: line[..<colon])
    guard unsafe name.allSatisfy(isOfToken) else { return nil }
    var start = colon + 1
    while start < line.count, unsafe isBlank(line[start]) { start += 1 }
    // What blanks behind a value, or in place of one, are to whom is left to the decoder.
    guard start < line.count, let last = unsafe line.last, !isBlank(last) else { return nil }
    return unsafe (
      FieldKind(name), String(decoding: name, as: UTF8.self),
      String(decoding: UnsafeRawBufferPointer(rebasing: line[start...]), as: UTF8.self)
    )
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// RFC 9110, section 5.6.2, without the marks that no field's name has.
  private static func isOfToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isPlainConnection(_ value: String) -> Bool {
    let value = value.lowercased()
    return value == "keep-alive" || value == "close"
  }

  private static func length(_ value: String) -> Int? {
    let isDigits = value.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    return isDigits && value.utf8.count <= maximumDigits ? Int(value) : nil
  }
}

/// The lines of a head, one after the other.
@unsafe private struct Lines {
  @safe enum Line {
    /// The next line, without its end.
    case line(UnsafeRawBufferPointer)
    /// The empty line.
    case end
    /// All that is left, without a line's end.
    case incomplete(UnsafeRawBufferPointer)
    /// A line that has other characters than plain text's, or another end.
    case other
  }

  private let bytes: UnsafeRawBufferPointer
  /// Behind the last line.
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

  mutating func next() -> Line {
    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
    guard let start = rest.baseAddress,
      let feed = unsafe memchr(start, CInt(UInt8(ascii: "\n")), rest.count)
    else { return unsafe unended(rest) }
    let end = unsafe UnsafeRawPointer(feed) - start
    guard end > 0, unsafe rest[end - 1] == UInt8(ascii: "\r") else { return .other }
    unsafe position += end + 1
    if end == 1 { return .end }
    let line = unsafe UnsafeRawBufferPointer(rebasing: rest[..<(end - 1)])
    return unsafe Self.isPlain(line) ? .line(line) : .other
  }

  private func unended(_ rest: UnsafeRawBufferPointer) -> Line {
    let ending = unsafe rest.last == UInt8(ascii: "\r") ? 1 : 0
    let text = unsafe UnsafeRawBufferPointer(rebasing: rest.dropLast(ending))
    guard unsafe Self.isPlain(text) else { return .other }
    return unsafe .incomplete(rest)
  }

  private static func isPlain(_ line: UnsafeRawBufferPointer) -> Bool {
    var found: UInt8 = 0
    // Without a way out of the loop the compiler makes vectors of it.
    for index in line.indices {
      let byte = unsafe line[index]
      found |= (byte < 0x20 && byte != 0x09) || byte >= 0x7F ? 1 : 0
    }
    return found == 0
  }
}
