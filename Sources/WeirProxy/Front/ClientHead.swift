import Glibc
import NIOCore
import NIOHTTP1

/// A part of a client's request.
enum RequestPart {
  case head(ClientHead)
  case body(ByteBuffer)
  case end
}

/// The head of a client's request: its first line, and its field lines as they came. Lives on its connection's
/// event loop.
final class ClientHead {
  /// As it is spelled (IANA's registry of HTTP methods).
  let method: String
  let target: String
  /// HTTP/1.0; else it is HTTP/1.1.
  let isHTTP10: Bool
  /// Whether the client keeps its connection open.
  let isKeptAlive: Bool
  /// Each `Name: value` with its CRLF, in the client's order.
  private var lines: ByteBuffer

  /// - Parameter lines: each of a name, a colon and a value with its CRLF, without control characters but tabs.
  init(method: String, target: String, isKeptAlive: Bool, lines: ByteBuffer) {
    self.method = method
    self.target = target
    self.isKeptAlive = isKeptAlive
    self.lines = lines
    isHTTP10 = false
  }

  /// The head that NIO's decoder has read.
  init(_ head: HTTPRequestHead) {
    // What NIO calls this one is not how it is spelled.
    method = head.method == .MSEARCH ? "M-SEARCH" : head.method.rawValue
    target = head.uri
    isHTTP10 = head.version == .http1_0
    isKeptAlive = head.isKeepAlive
    lines = ByteBuffer()
    for (name, value) in head.headers {
      lines.writeString(name)
      lines.writeStaticString(": ")
      lines.writeString(value)
      lines.writeStaticString("\r\n")
    }
  }

  /// Forgets the fields.
  func letGoOfFields() { lines = ByteBuffer() }

  /// The fields in the client's order, each valid during its call only. Part of its caller, whose state the closure would
  /// otherwise have a copy of.
  @inline(__always)
  func forEachField(_ body: (FieldLine) -> Void) {
    unsafe lines.withUnsafeReadableBytes { bytes in
      var rest = unsafe bytes
      while let start = rest.baseAddress,
        let feed = unsafe memchr(start, CInt(UInt8(ascii: "\n")), rest.count)
      {
        let end = unsafe UnsafeRawPointer(feed) - start
        if let line = unsafe FieldLine(UnsafeRawBufferPointer(rebasing: rest[..<max(end - 1, 0)])) { body(line) }
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
      }
    }
  }

  /// The values of the fields of a name, which is in lower case.
  func values(of name: String) -> [String] {
    var values: [String] = []
    forEachField { if $0.nameText.lowercased() == name { values.append($0.valueText) } }
    return values
  }
}

/// A field of a head, where its line lies.
@safe struct FieldLine {
  let name: UnsafeRawBufferPointer
  /// Without the blanks before it; those behind it are there.
  let value: UnsafeRawBufferPointer
  let kind: FieldKind

  /// Nil where the line, which is without its CRLF, has no colon.
  init?(_ line: UnsafeRawBufferPointer) {
    guard let start = line.baseAddress,
      let colon = unsafe memchr(start, CInt(UInt8(ascii: ":")), line.count)
    else { return nil }
    let length = unsafe UnsafeRawPointer(colon) - start
    unsafe name = UnsafeRawBufferPointer(rebasing: line[..<length])
    var first = length + 1
    while first < line.count, unsafe Self.isBlank(line[first]) { first += 1 }
    unsafe value = UnsafeRawBufferPointer(rebasing: line[first...])
    kind = unsafe FieldKind(name)
  }

  var nameText: String { unsafe String(decoding: name, as: UTF8.self) }
  var valueText: String { unsafe String(decoding: value, as: UTF8.self) }

  /// The value without the blanks behind it, which are no part of it (RFC 9112, section 5.1).
  var told: UnsafeRawBufferPointer {
    var end = unsafe value.count
    while end > 0, unsafe Self.isBlank(value[end - 1]) { end -= 1 }
    return unsafe UnsafeRawBufferPointer(rebasing: value[..<end])
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
