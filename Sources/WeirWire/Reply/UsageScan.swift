/// Finds the usage in a document that is too large to be read whole: thousands of embeddings, or pictures. It is a member of
/// the document or of its `response`, wherever it stands. Follows nothing but texts and depth, so that what is no JSON
/// yields nothing, or what its reader refuses. A plain value; memory is bounded.
struct UsageScan {
  /// A usage is far smaller.
  static let maximumBytes = 16_384

  private enum Name {
    case usage, response, other
  }

  private var isInText = false
  /// The text's next byte comes behind a backslash.
  private var isEscaped = false
  private var depth = 0
  private var isInResponse = false
  /// The beginning of the last text that may be a name.
  private var text: [UInt8] = []
  /// Of the member whose value comes next.
  private var name = Name.other
  /// The usage under way, whose braces are at `keptDepth`.
  private var kept: [UInt8]?
  private var keptDepth = 0
  private var found: [UInt8]?

  /// An object with nothing but the document's last `usage`; nil where none is found.
  var document: [UInt8]? { found.map { Array("{\"usage\":".utf8) + $0 + [UInt8(ascii: "}")] } }

  /// Takes the next bytes of the document.
  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    var keptFrom = 0
    while position < bytes.count {
      if isInText {
        position = unsafe passText(bytes, from: position)
        continue
      }
      switch unsafe bytes[position] {
      case UInt8(ascii: "\""):
        isInText = true
        text.removeAll(keepingCapacity: true)
      case UInt8(ascii: "{"):
        if open() { keptFrom = position }
      case UInt8(ascii: "["):
        depth += 1
        name = .other
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if kept != nil, depth == keptDepth {
          unsafe keep(bytes[keptFrom...position])
          found = kept.take() ?? found
        }
        close()
      case UInt8(ascii: ":"): if looksAtMembers { name = nameOfText }
      case UInt8(ascii: ","): name = .other
      default: break
      }
      position += 1
    }
    if kept != nil { unsafe keep(bytes[keptFrom...]) }
  }

  private var looksAtMembers: Bool { depth == 1 || depth == 2 && isInResponse }

  private var nameOfText: Name {
    if text.elementsEqual("usage".utf8) { return .usage }
    return text.elementsEqual("response".utf8) ? .response : .other
  }

  /// Whether this object is the usage, from here on.
  private mutating func open() -> Bool {
    depth += 1
    defer { name = .other }
    switch name {
    case .usage:
      (kept, keptDepth) = ([], depth)
      return true
    case .response:
      isInResponse = isInResponse || depth == 2
      return false
    case .other: return false
    }
  }

  private mutating func close() {
    depth = max(depth - 1, 0)
    if depth <= 1 { isInResponse = false }
    name = .other
  }

  /// Drops what is larger than a usage.
  private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
    guard let count = kept?.count, unsafe count + bytes.count <= Self.maximumBytes else {
      kept = nil
      return
    }
    unsafe kept?.append(contentsOf: bytes)
  }

  /// Passes over the text, to its end or that of the bytes; says where to go on.
  private mutating func passText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var position = start
    if isEscaped {
      isEscaped = false
      position += 1
    }
    var quote = unsafe bytes.position(of: UInt8(ascii: "\""), in: position..<bytes.count) ?? bytes.count
    while position < quote, let slash = unsafe bytes.position(of: UInt8(ascii: "\\"), in: position..<quote) {
      position = slash + 2
      // The quote searched for stays the next one, unless it is the byte that the backslash stands before.
      if position == quote + 1, position <= bytes.count {
        quote = unsafe bytes.position(of: UInt8(ascii: "\""), in: position..<bytes.count) ?? bytes.count
      }
    }
    isEscaped = position > bytes.count
    isInText = quote == bytes.count
    if looksAtMembers, text.count <= Self.longestName {
      unsafe text.append(contentsOf: bytes[start..<quote].prefix(Self.longestName + 1))
    }
    return min(quote + 1, bytes.count)
  }

  /// Of a text no more is kept than tells that it is no name looked for.
  private static let longestName = "response".utf8.count
}
