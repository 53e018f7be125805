/// Writes JSON text in many spellings, all of them valid.
struct JSONGenerator {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private static let numbers = [
    "0", "-0", "1.0", "1e2", "1E+2", "-1.5e-07", "9223372036854775808", "18446744073709551616", "0.1",
    "1e400",
    "123456789012345678901234567890", "0.30000000000000004", "7",
  ]
  private static let fragments = [
    "a", "hello world", "é", "漢字", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t", "\\u0041", "\\u00e9",
    "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\ud800", "\\uDFFF", "\\udc00\\ud800", "{", "}", "[1,2]", ":", ",",
    "\u{7f}", "\u{2028}", "null", "\\u0000",
  ]

  mutating func space() -> String {
    random.chance(70) ? "" : random.pick([" ", "\n", "\t", "\r\n", "    "])
  }

  mutating func string() -> String {
    var text = "\""
    for _ in 0..<random.below(5) { text += random.pick(Self.fragments) }
    return text + "\""
  }

  mutating func value(depth: Int) -> String {
    switch random.below(depth > 0 ? 8 : 5) {
    case 0: return random.pick(["true", "false", "null"])
    case 1, 2: return random.pick(Self.numbers)
    case 3, 4: return string()
    case 5, 6:
      let members = (0..<random.below(4)).map { _ in
        space() + string() + space() + ":" + space() + value(depth: depth - 1) + space()
      }
      return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
    default:
      let elements = (0..<random.below(5)).map { _ in space() + value(depth: depth - 1) + space() }
      return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
    }
  }

  /// A request body whose text and whose members' places are known.
  mutating func body() -> GeneratedBody {
    var unused = EnvelopeNames.all.filter { _ in random.chance(35) }
    for extra in 0..<random.below(4) { unused.append("x_\(extra)\(random.pick(["", "é", "\u{1F600}"]))") }
    unused.shuffle(using: &random)
    var body = GeneratedBody(text: Array((space() + "{" + space()).utf8))
    for (index, name) in unused.enumerated() {
      if index > 0 { body.append("," + space()) }
      body.keyStarts.append(body.text.count)
      body.append(spelled(name) + space() + ":" + space())
      let start = body.text.count
      let value = memberValue(name)
      body.append(value)
      body.members.append((name: name, range: start..<body.text.count))
      body.append(space())
    }
    body.append("}" + space())
    return body
  }

  private mutating func memberValue(_ name: String) -> String {
    switch name {
    case "model", "user": random.chance(80) ? string() : value(depth: 1)
    case "stream": random.chance(80) ? random.pick(["true", "false"]) : value(depth: 1)
    default: value(depth: 4)
    }
  }

  /// A key in quotes; now and then with letters as escapes.
  private mutating func spelled(_ name: String) -> String {
    guard random.chance(15) else { return "\"\(name)\"" }
    let letters = name.unicodeScalars.map { scalar -> String in
      guard scalar.value < 0x80, random.chance(30) else { return String(scalar) }
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "\"\(letters.joined())\""
  }
}

/// A generated request body; `members` in the order written, `keyStarts` where the key of each begins.
struct GeneratedBody {
  var text: [UInt8]
  var keyStarts: [Int] = []
  var members: [(name: String, range: Range<Int>)] = []

  mutating func append(_ more: String) { text.append(contentsOf: more.utf8) }
}
