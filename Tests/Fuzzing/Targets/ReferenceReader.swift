/// A strict reader of HTTP/1.1 requests (RFC 9112), written to be compared with: it takes what the standard's grammar
/// has, and of what it allows to a server a lone LF as the end of a line of the head (section 2.2) and folded values
/// (section 5.2). Nothing else.
struct ReferenceReader {
  struct Request {
    let method: String
    let target: String
    var body: [UInt8] = []
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next whole request; nil where there is none, or what is there is not one.
  mutating func next() -> Request? {
    // Section 2.2: empty lines before the request line are ignored; a lone CR is one here, too.
    while let byte = bytes[position...].first, byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") {
      position += 1
    }
    guard let start = line() else { return nil }
    var words = start.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    // Section 3: several spaces may stand where one should.
    words.removeAll(where: \.isEmpty)
    guard start.first != UInt8(ascii: " "), words.count == 3, words[2].starts(with: "HTTP/1.".utf8), words[2].count == 8
    else { return nil }
    guard !words[0].isEmpty, words[0].allSatisfy(Self.isTokenByte) else { return nil }
    var request = Request(
      method: String(decoding: words[0], as: UTF8.self), target: String(decoding: words[1], as: UTF8.self))
    guard let length = framing() else { return nil }
    switch length {
    case .none: break
    case .bytes(let count):
      guard bytes.count - position >= count else { return nil }
      request.body = Array(bytes[position..<position + count])
      position += count
    case .chunked:
      guard let body = chunks() else { return nil }
      request.body = body
    }
    return request
  }

  private enum Length {
    case none, chunked
    case bytes(Int)
  }

  /// Reads the fields up to the empty line.
  private mutating func framing() -> Length? {
    var length = Length.none
    while var field = line() {
      if field.isEmpty { return length }
      // Section 5.2: a folded line goes on, its break is a space.
      while let next = bytes[position...].first, next == 0x20 || next == 0x09 {
        guard let more = line() else { return nil }
        field = ArraySlice(field + [0x20] + more)
      }
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { return nil }
      // Section 5.1: no white space before the colon.
      let name = field[..<colon]
      guard !name.isEmpty, name.allSatisfy(Self.isTokenByte) else { return nil }
      let value = Self.trimmed(field[(colon + 1)...])
      switch String(decoding: name, as: UTF8.self).lowercased() {
      case "content-length":
        guard case .none = length, let count = Self.decimal(value) else { return nil }
        length = .bytes(count)
      case "transfer-encoding":
        guard case .none = length, String(decoding: value, as: UTF8.self).lowercased() == "chunked" else { return nil }
        length = .chunked
      default: break
      }
    }
    return nil
  }

  private mutating func chunks() -> [UInt8]? {
    var body: [UInt8] = []
    while let header = line() {
      let size = Self.trimmed(header.prefix { $0 != UInt8(ascii: ";") })
      guard !size.isEmpty, size.count <= 8, size.allSatisfy(Self.isHexDigit),
        let count = Int(String(decoding: size, as: UTF8.self), radix: 16)
      else { return nil }
      if count == 0 { return trailers() ? body : nil }
      guard bytes.count - position >= count else { return nil }
      body += bytes[position..<position + count]
      position += count
      guard let end = line(), end.isEmpty else { return nil }
    }
    return nil
  }

  private mutating func trailers() -> Bool {
    while let field = line() {
      if field.isEmpty { return true }
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")), colon > field.startIndex,
        field[..<colon].allSatisfy(Self.isTokenByte)
      else { return false }
    }
    return false
  }

  /// Up to the next LF, without it and a CR before it; nil when there is none, or a CR or NUL stands inside.
  private mutating func line() -> ArraySlice<UInt8>? {
    guard let feed = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    var line = bytes[position..<feed]
    if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
    position = feed + 1
    return line.contains(UInt8(ascii: "\r")) || line.contains(0) ? nil : line
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    let start = bytes.drop(while: isBlank)
    let end = start.lastIndex { !isBlank($0) }
    return end.map { start[...$0] } ?? []
  }

  private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
