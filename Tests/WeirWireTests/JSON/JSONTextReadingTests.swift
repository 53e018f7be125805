import Testing
import WeirWire

@Suite("Reading a JSON string")
struct JSONTextReadingTests {
  @Test(
    "undoes its escapes",
    arguments: [
      (#""""#, ""), (#""plain""#, "plain"), (#""a\"b\\c\/d""#, #"a"b\c/d"#), (#""\u0041\n\t""#, "A\n\t"),
      (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""größer""#, "größer"),
    ])
  func strings(literal: String, text: String) {
    #expect(JSONText.string(literal) == text)
  }

  @Test("is undone by quoting", arguments: ["", "a\"b\\", "line\nline", "\u{1}", "😀"])
  func quoting(text: String) {
    #expect(JSONText.string(JSONText.quoted(text)) == text)
  }

  @Test("finds no string in another value", arguments: ["", "\"", "1", "null", "[\"a\"]", "true"])
  func others(literal: String) {
    #expect(JSONText.string(literal) == nil)
  }
}
