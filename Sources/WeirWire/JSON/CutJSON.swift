/// What has to follow the beginning of a JSON text, cut off at any byte, so that it can be read after all.
enum CutJSON: Equatable {
  /// Nothing: the text is whole.
  case whole
  /// The text is an object that is still open. `closing` ends what is open within it; then members can follow, behind a
  /// comma where `needsComma`.
  case inObject(closing: [UInt8], needsComma: Bool)
  /// Not the beginning of an object.
  case other

  init(_ text: [UInt8]) {
    var scan = CutJSONScan()
    for byte in text {
      guard scan.take(byte) else {
        self = .other
        return
      }
    }
    self = scan.rest(of: text)
  }
}

/// Reads JSON byte by byte and remembers what is open. It lets pass what no text begins with that a parser takes, such as
/// a number with two points: it only has to know how to end what is right so far.
private struct CutJSONScan {
  private enum Place {
    case value, firstItem, firstName, name, colon, next, end
  }

  private enum Token: Equatable {
    case none
    case string
    /// Behind a backslash.
    case escape
    /// `\u`, with as many digits to come.
    case code(digits: Int)
    case number(last: UInt8)
    /// `true`, `false` or `null`, with so much to come.
    case word(rest: ArraySlice<UInt8>)
  }

  private var place = Place.value
  private var token = Token.none
  private var isName = false
  /// The objects and arrays that are open, as their first bytes.
  private var open: [UInt8] = []

  /// False where no JSON goes on like this.
  mutating func take(_ byte: UInt8) -> Bool {
    switch token {
    case .string: return takeInString(byte)
    case .escape:
      token = byte == UInt8(ascii: "u") ? .code(digits: 4) : .string
      return true
    case .code(let digits):
      token = digits > 1 ? .code(digits: digits - 1) : .string
      return true
    case .word(let rest):
      guard rest.first == byte else { return false }
      let left = rest.dropFirst()
      token = left.isEmpty ? .none : .word(rest: left)
      if left.isEmpty { valueEnded() }
      return true
    case .number:
      if Self.numberBytes.contains(byte) {
        token = .number(last: byte)
        return true
      }
      token = .none
      valueEnded()
      return takeBetween(byte)
    case .none: return takeBetween(byte)
    }
  }

  private static let numberBytes = Array("0123456789+-.eE".utf8)
  private static let unfinishedNumber = Array("+-.eE".utf8)

  private mutating func takeInString(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\\"): token = .escape
    case UInt8(ascii: "\""):
      token = .none
      if isName { place = .colon } else { valueEnded() }
    default: return byte >= 0x20
    }
    return true
  }

  private mutating func takeBetween(_ byte: UInt8) -> Bool {
    switch (byte, place) {
    case (0x20, _), (0x09, _), (0x0a, _), (0x0d, _): return true
    case (UInt8(ascii: "\""), .firstName), (UInt8(ascii: "\""), .name): return begin(.string, isName: true)
    case (UInt8(ascii: ":"), .colon): place = .value
    case (UInt8(ascii: "}"), .firstName), (UInt8(ascii: "}"), .next): return close(UInt8(ascii: "{"))
    case (UInt8(ascii: "]"), .firstItem), (UInt8(ascii: "]"), .next): return close(UInt8(ascii: "["))
    case (UInt8(ascii: ","), .next): place = open.last == UInt8(ascii: "{") ? .name : .value
    case (_, .value), (_, .firstItem): return beginValue(byte)
    default: return false
    }
    return true
  }

  private mutating func beginValue(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""): return begin(.string)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      open.append(byte)
      place = byte == UInt8(ascii: "{") ? .firstName : .firstItem
      return true
    case UInt8(ascii: "t"): return begin(.word(rest: Array("rue".utf8)[...]))
    case UInt8(ascii: "f"): return begin(.word(rest: Array("alse".utf8)[...]))
    case UInt8(ascii: "n"): return begin(.word(rest: Array("ull".utf8)[...]))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return begin(.number(last: byte))
    default: return false
    }
  }

  private mutating func begin(_ token: Token, isName: Bool = false) -> Bool {
    self.token = token
    self.isName = isName
    return true
  }

  private mutating func close(_ opening: UInt8) -> Bool {
    guard open.popLast() == opening else { return false }
    valueEnded()
    return true
  }

  private mutating func valueEnded() { place = open.isEmpty ? .end : .next }

  /// What the text lacks, the bytes of which have all been taken.
  func rest(of text: [UInt8]) -> CutJSON {
    if place == .end, token == .none { return .whole }
    guard open.first == UInt8(ascii: "{") else { return .other }
    var (closing, place) = endOfToken(text)
    for opening in open.dropFirst().reversed() {
      closing += Self.endOfPlace(place)
      // An object cannot end behind a comma.
      if place == .name { closing += Array("\"\":null".utf8) }
      closing.append(opening == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]"))
      place = .next
    }
    return .inObject(
      closing: closing + Self.endOfPlace(place), needsComma: place != .firstName && place != .name)
  }

  /// What ends the token in progress, and where that leads.
  private func endOfToken(_ text: [UInt8]) -> (closing: [UInt8], place: Place) {
    let quote = UInt8(ascii: "\"")
    let behindString = isName ? Place.colon : .next
    switch token {
    case .none: return ([], place)
    case .string: return (Self.endOfCharacter(text) + [quote], behindString)
    case .escape: return ([UInt8(ascii: "\\"), quote], behindString)
    case .code(let digits): return (Array(repeating: UInt8(ascii: "0"), count: digits) + [quote], behindString)
    case .word(let rest): return (Array(rest), .next)
    case .number(let last): return (Self.unfinishedNumber.contains(last) ? [UInt8(ascii: "0")] : [], .next)
    }
  }

  private static func endOfPlace(_ place: Place) -> [UInt8] {
    switch place {
    case .colon: Array(":null".utf8)
    case .value: Array("null".utf8)
    case .firstItem, .firstName, .name, .next, .end: []
    }
  }

  /// The bytes that make a whole character of the last one (RFC 3629, section 4).
  private static func endOfCharacter(_ text: [UInt8]) -> [UInt8] {
    let following = text.reversed().prefix { $0 & 0xc0 == 0x80 }.count
    guard following < 3, let lead = text.dropLast(following).last, lead >= 0xc2 else { return [] }
    let length = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1
    guard following < length else { return [] }
    // The first one after these may not be the lowest there is.
    let isLow = following == 0 && (lead == 0xe0 || lead == 0xf0)
    return [isLow ? 0xbf : 0x80] + [UInt8](repeating: 0x80, count: length - following - 1)
  }
}
