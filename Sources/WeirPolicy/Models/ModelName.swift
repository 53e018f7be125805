/// How a model's name is read: `author/slug:suffix`, letter case without meaning in ASCII and kept elsewhere.
///
/// Names come from outside; every function takes any string and none allocates unless it must.
enum ModelName {
  /// The name without capitals of ASCII; the same string (no copy) when it has none.
  static func folded(_ name: String) -> String {
    guard hasCapitals(name) else { return name }
    return String(decoding: name.utf8.map { isCapital($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Cuts an OpenRouter suffix off: what follows the first colon after the last slash, colon included.
  ///
  /// Source: openrouter.ai/docs, "Model Variants" (`:free`, `:nitro`, `:floor`, `:online`, `:thinking`, …).
  static func split(_ name: String) -> (base: Substring, suffix: Substring) {
    let slugStart = name.utf8.lastIndex(of: UInt8(ascii: "/")).map(name.utf8.index(after:)) ?? name.startIndex
    guard let colon = name.utf8[slugStart...].firstIndex(of: UInt8(ascii: ":")), colon > slugStart else {
      return (name[...], "")
    }
    return (name[..<colon], name[colon...])
  }

  /// What follows the last slash: the part that says which model, whoever serves it.
  static func slug(_ name: String) -> Substring {
    guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name[...] }
    return name[name.utf8.index(after: slash)...]
  }

  /// All but the author; the whole name where there is none.
  private static func behindAuthor(_ name: String) -> Substring {
    guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return name[...] }
    return name[name.utf8.index(after: slash)...]
  }

  /// Whether any part behind the author has `kimi` as a word, as in `kimi-k2`, `Kimi-K2-Instruct`, `moonshot.kimi-k2` and
  /// `accounts/x/models/kimi-k2#deployment`: servers differ in which part says the model.
  ///
  /// Letters around it make another word (`kimiko` is another family), so that the kill switch covers every
  /// spelling of a Kimi model and nothing else.
  static func namesKimi(_ name: String) -> Bool {
    let bytes = behindAuthor(name).utf8
    var previousIsLetter = false
    var index = bytes.startIndex
    while index != bytes.endIndex {
      if !previousIsLetter, let end = endOf("kimi", in: bytes, at: index) {
        if end == bytes.endIndex || !isLetter(bytes[end]) { return true }
      }
      previousIsLetter = isLetter(bytes[index])
      bytes.formIndex(after: &index)
    }
    return false
  }

  /// Whether an unlisted Kimi model is of the first K2 generation and does not think: `kimi-k2` or
  /// `kimi-k2-…`, but not `kimi-k2.6` or `kimi-k2-thinking`. Only these take other temperatures than 1.
  static func namesInstructK2(_ name: String) -> Bool {
    let slug = folded(String(slug(name)))
    guard let kimi = slug.firstRange(of: "kimi-k2") else { return false }
    guard let next = slug[kimi.upperBound...].utf8.first else { return true }
    return next != UInt8(ascii: ".") && !isLetter(next) && !isDigit(next) && !namesThinking(slug)
  }

  /// Whether the name itself says that the model reasons before it answers.
  static func namesThinking(_ name: some StringProtocol) -> Bool {
    let bytes = Substring(name).utf8
    return bytes.indices.contains { endOf("thinking", in: bytes, at: $0) != nil }
  }

  /// Where `word`, which has lower-case letters only, ends when it begins at `start`, letter case ignored.
  private static func endOf(
    _ word: String, in bytes: Substring.UTF8View, at start: Substring.UTF8View.Index
  ) -> Substring.UTF8View.Index? {
    var index = start
    for expected in word.utf8 {
      guard index != bytes.endIndex, bytes[index] | 0x20 == expected else { return nil }
      bytes.formIndex(after: &index)
    }
    return index
  }

  /// Looks at the bytes where they lie: names are folded several times a request.
  private static func hasCapitals(_ name: String) -> Bool {
    unsafe name.utf8.withContiguousStorageIfAvailable { unsafe $0.contains(where: isCapital) }
      ?? name.utf8.contains(where: isCapital)
  }

  private static func isCapital(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
