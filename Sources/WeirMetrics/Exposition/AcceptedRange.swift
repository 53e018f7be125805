/// One media range of an `Accept` header (RFC 9110, section 12.5.1), names in lower case.
struct AcceptedRange: Equatable {
  /// From this specificity on the range names a media type in full.
  static let namedSpecificity = 2

  let type: String
  let subtype: String
  /// The parameter `version`, where given; other parameters do not tell our formats apart.
  let version: String?
  /// In thousandths, 0 to 1000.
  let weight: Int

  /// The well-formed ranges of a header; malformed ones are left out.
  static func parsed(_ header: String) -> [AcceptedRange] {
    split(Substring(header), at: ",").compactMap { AcceptedRange($0) }
  }

  private init?(_ text: Substring) {
    let parts = Self.split(text, at: ";").map(Self.trimmed)
    guard let range = parts.first else { return nil }
    let names = range.lowercased().split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, let type = names.first, let subtype = names.last else { return nil }
    guard !type.isEmpty, !subtype.isEmpty, type != "*" || subtype == "*" else { return nil }
    var version: String?
    var weight = 1000
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { continue }
      let name = Self.trimmed(part[..<equals]).lowercased()
      let value = Self.trimmed(part[part.index(after: equals)...])
      if name == "q" {
        guard let thousandths = Self.thousandths(value) else { return nil }
        weight = thousandths
      } else if name == "version" {
        version = value.filter { $0 != "\"" }
      }
    }
    self.type = String(type)
    self.subtype = String(subtype)
    self.version = version
    self.weight = weight
  }

  /// How exactly the range describes a format: 0 any, 1 its type, 2 its media type, 3 its version too; nil
  /// when it does not match.
  func specificity(type: String, subtype: String, version: String) -> Int? {
    if let asked = self.version, asked != version { return nil }
    if self.type == "*" { return 0 }
    guard self.type == type else { return nil }
    if self.subtype == "*" { return 1 }
    guard self.subtype == subtype else { return nil }
    return self.version == nil ? Self.namedSpecificity : Self.namedSpecificity + 1
  }

  /// A `qvalue` (RFC 9110, section 12.4.2): 0 or 1 with up to three decimals, at most 1.
  private static func thousandths(_ text: Substring) -> Int? {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 5 else { return nil }
    guard first == UInt8(ascii: "0") || first == UInt8(ascii: "1") else { return nil }
    if bytes.count > 1, bytes[1] != UInt8(ascii: ".") { return nil }
    var result = Int(first - UInt8(ascii: "0")) * 1000
    var place = 100
    for byte in bytes.dropFirst(2) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      result += Int(byte - UInt8(ascii: "0")) * place
      place /= 10
    }
    return result <= 1000 ? result : nil
  }

  /// Splits where the separator stands outside a quoted string.
  private static func split(_ text: Substring, at separator: Character) -> [Substring] {
    var isQuoted = false
    var isEscaped = false
    return text.split(omittingEmptySubsequences: false) { character in
      if isEscaped {
        isEscaped = false
        return false
      }
      if character == "\\" { isEscaped = isQuoted }
      if character == "\"" { isQuoted.toggle() }
      return character == separator && !isQuoted
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let start = text.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else { return start.prefix(0) }
    return start[...last]
  }
}
