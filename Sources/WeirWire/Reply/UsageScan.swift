/// The last bytes of a plain body that is too large to be read whole: thousands of embeddings, or pictures. All APIs have
/// their usage behind what is large. A plain value; memory is bounded.
struct UsageTail {
  /// A usage, and what may stand behind it, is far smaller.
  static let maximumBytes = 16_384
  private static let name = Array("\"usage\"".utf8)

  private var bytes: [UInt8] = []

  /// Takes the next bytes of the body.
  mutating func take(_ next: UnsafeRawBufferPointer) {
    unsafe bytes.append(contentsOf: next.suffix(Self.maximumBytes))
    if bytes.count > 2 * Self.maximumBytes { bytes.removeFirst(bytes.count - Self.maximumBytes) }
  }

  /// An object with nothing but the body's last `usage`; nil where none is found. A quote within a text has a backslash
  /// before it, so that no text is taken for the name.
  var document: [UInt8]? {
    guard var place = lastName() else { return nil }
    place += Self.name.count
    skipSpace(&place)
    guard place < bytes.count, bytes[place] == UInt8(ascii: ":") else { return nil }
    place += 1
    skipSpace(&place)
    guard let object = object(at: place) else { return nil }
    return Array("{\"usage\":".utf8) + bytes[object] + [UInt8(ascii: "}")]
  }

  private func lastName() -> Int? {
    var place = bytes.count - Self.name.count
    while place >= 0 {
      let isEscaped = place > 0 && bytes[place - 1] == UInt8(ascii: "\\")
      if !isEscaped, bytes[place...].starts(with: Self.name) { return place }
      place -= 1
    }
    return nil
  }

  private func skipSpace(_ place: inout Int) {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  /// From a `{` to the `}` that ends it.
  private func object(at start: Int) -> Range<Int>? {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return nil }
    var (depth, isInText, isEscaped) = (0, false, false)
    for place in start..<bytes.count {
      let byte = bytes[place]
      if isInText {
        isInText = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return start..<place + 1 }
      default: break
      }
    }
    return nil
  }
}
