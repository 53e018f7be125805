import Testing

@testable import WeirWire

@Suite("The text of a JSON string")
struct UnescapedTextTests {
  private func text(_ raw: String) -> String {
    var result = ""
    let bytes = Array(raw.utf8)
    var unescaped = UnescapedText()
    unsafe bytes.withUnsafeBytes { raw in
      unsafe unescaped.read(raw) { text, _ in result = unsafe String(decoding: text, as: UTF8.self) }
    }
    return result
  }

  /// What stands in the string for a part of its text.
  private func written(_ raw: String, _ range: Range<Int>) -> String {
    var result = ""
    let bytes = Array(raw.utf8)
    var unescaped = UnescapedText()
    unsafe bytes.withUnsafeBytes { source in
      unsafe unescaped.read(source) { _, map in result = String(decoding: bytes[map.written(range)], as: UTF8.self) }
    }
    return result
  }

  @Test(
    "has its escapes undone",
    arguments: [
      ("plain", "plain"), ("a\\nb", "a\nb"), ("\\u0040", "@"), ("\\/\\\\\\\"", "/\\\""), ("\\ud83d\\ude00", "😀"),
      ("\\ud83d", "\u{FFFD}"), ("\\ude00x", "\u{FFFD}x"), ("\\ud83d\\u0041", "\u{FFFD}A"), ("é\\u00e9", "éé"),
      ("\\u4e2d", "中"), ("\\t\\r\\b\\f", "\t\r\u{8}\u{C}"),
    ])
  func undone(raw: String, expected: String) { #expect(text(raw) == expected) }

  @Test("reads as the parser of the whole body reads it")
  func agrees() {
    for raw in ["a\\u00ff\\ud800\\udc00z", "\\udc00\\ud800", "\\u0000", "\\ud800\\\\"] {
      let parsed = JSONText.string("\"\(raw)\"")
      #expect(text(raw) == parsed)
    }
  }

  @Test(
    "knows where each part of it stands, an escape as a whole",
    arguments: [
      ("bob\\u0040x.de", 0..<8, "bob\\u0040x.de"), ("bob\\u0040x.de", 3..<4, "\\u0040"),
      ("bob\\u0040x.de", 4..<8, "x.de"), ("bob\\u0040x.de", 0..<3, "bob"), ("\\ud83d\\ude00!", 0..<2, "\\ud83d\\ude00"),
      ("\\ud83d\\ude00!", 2..<5, "\\ud83d\\ude00!"), ("a\\n\\nb", 1..<2, "\\n"), ("a\\n\\nb", 2..<4, "\\nb"),
    ])
  func places(raw: String, range: Range<Int>, expected: String) { #expect(written(raw, range) == expected) }
}
