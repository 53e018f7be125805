import Glibc
import NIOCore

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

  /// Bytes of a read that are held for the head in them.
  private static let largestShared = 4096
  /// A head that comes in more pieces is read from its beginning no more.
  private static let maximumLooks = 8

  /// Whether a request has begun that is not whole.
  var isAmidRequest: Bool { held.readableBytes > 0 || bodyLeft > 0 }

  init(maximumHeaderBytes: Int) { self.maximumHeaderBytes = maximumHeaderBytes }

  /// The next part that `bytes`, which is moved on behind it, make whole; nil where there is none. Once `isOver`, they begin
  /// with all that no part has been made of.
  mutating func next(_ bytes: inout ByteBuffer) -> RequestPart? {
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
    case .head(let head) where head.length <= maximumHeaderBytes:
      let lines = bytes.getSlice(at: bytes.readerIndex + head.fieldsBegin, length: head.length - 2 - head.fieldsBegin)
      bytes.moveReaderIndex(forwardBy: head.length)
      looks = 0
      bodyLeft = head.bodyLength ?? 0
      isInRequest = true
      return .head(
        ClientHead(
          method: head.method, target: head.target, isKeptAlive: head.isKeptAlive, lines: Self.owned(lines)))
    case .incomplete, .head, .other:
      isOver = true
      return nil
    }
  }

  /// What a request holds for as long as it takes: not all that was read with it, where that is much.
  private static func owned(_ lines: ByteBuffer?) -> ByteBuffer {
    guard var lines else { return ByteBuffer() }
    if lines.storageCapacity > largestShared { lines = ByteBuffer(bytes: lines.readableBytesView) }
    return lines
  }

  private mutating func nextOfBody(_ bytes: inout ByteBuffer) -> RequestPart? {
    guard bodyLeft > 0 else {
      isInRequest = false
      return .end
    }
    guard let part = bytes.readSlice(length: min(bodyLeft, bytes.readableBytes)), part.readableBytes > 0 else {
      return nil
    }
    bodyLeft -= part.readableBytes
    return .body(part)
  }
}

/// A request's head that nothing is unusual about.
private struct PlainHead {
  enum Reading {
    /// Plain so far; its end has not come.
    case incomplete
    case head(PlainHead)
    case other
  }

  var method: String
  var target: String
  var isKeptAlive = true
  /// Where the field lines begin, and bytes to behind the empty line.
  var fieldsBegin: Int
  var length = 0
  /// Bytes of the body behind it, where it says.
  var bodyLength: Int?

  private static let maximumFields = 100
  /// Digits of a length, so that it fits an `Int`.
  private static let maximumDigits = 18

  static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
    var lines = unsafe Lines(bytes)
    var head: PlainHead
    switch unsafe lines.next() {
    case .incomplete(let start): return unsafe method(of: start) != nil ? .incomplete : .other
    case .line(let line):
      guard let read = unsafe PlainHead(requestLine: line) else { return .other }
      head = read
    case .end, .other: return .other
    }
    var fields = 0
    while true {
      switch unsafe lines.next() {
      case .incomplete: return .incomplete
      case .other: return .other
      case .end:
        head.length = unsafe lines.position
        return .head(head)
      case .line(let line):
        fields += 1
        guard fields <= maximumFields, unsafe head.take(line) else { return .other }
      }
    }
  }

  private init?(requestLine line: UnsafeRawBufferPointer) {
    let version: StaticString = " HTTP/1.1"
    let end = line.count - version.utf8CodeUnitCount
    guard let method = unsafe Self.method(of: line), end > method.utf8.count + 1,
      unsafe Self.begins(UnsafeRawBufferPointer(rebasing: line[end...]), with: version)
    else { return nil }
    let target = unsafe UnsafeRawBufferPointer(rebasing: line[(method.utf8.count + 1)..<end])
    for index in target.indices where unsafe target[index] <= 0x20 || target[index] == UInt8(ascii: "#") { return nil }
    self.method = method
    unsafe self.target = String(decoding: target, as: UTF8.self)
    fieldsBegin = line.count + 2
  }

  /// What the first line begins with, as far as it goes.
  private static func method(of bytes: UnsafeRawBufferPointer) -> String? {
    if unsafe begins(bytes, with: "POST /") { return "POST" }
    return unsafe begins(bytes, with: "GET /") ? "GET" : nil
  }

  /// Whether the two are the same as far as the shorter goes.
  private static func begins(_ bytes: UnsafeRawBufferPointer, with text: StaticString) -> Bool {
    guard let start = bytes.baseAddress else { return true }
    return unsafe memcmp(start, text.utf8Start, min(bytes.count, text.utf8CodeUnitCount)) == 0
  }

  /// Whether a field's line is plain, and the decoder would make nothing else of it.
  private mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let field = unsafe FieldLine(line), unsafe !field.name.isEmpty else { return false }
    guard unsafe field.name.allSatisfy(Self.isOfToken) else { return false }
    // What blanks behind a value, or in place of one, are to whom is left to the decoder.
    guard let last = unsafe field.value.last, !FieldLine.isBlank(last) else { return false }
    switch field.kind {
    case .transferEncoding, .upgrade, .hopByHop: return false
    case .connection: return readConnection(field.valueText.lowercased())
    case .contentLength:
      guard bodyLength == nil, let length = Self.length(field.valueText) else { return false }
      bodyLength = length
    default: break
    }
    return true
  }

  private mutating func readConnection(_ value: String) -> Bool {
    if value == "close" { isKeptAlive = false }
    return value == "close" || value == "keep-alive"
  }

  /// RFC 9110, section 5.6.2, without the marks that no field's name has.
  private static func isOfToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
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
