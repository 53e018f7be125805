import Testing

@testable import WeirSimulator

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  @Test(
    "a value is written as it was read",
    arguments: [
      "null", "true", "false", "0", "-1.5e+10", "\"\"", "[]", "{}", "[1,[2,{\"b\":3,\"a\":null}]]",
      "{\"b\":1,\"a\":2,\"b\":3}", "\"é😀\"", "\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\"",
    ])
  func roundTrip(text: String) throws {
    #expect(String(decoding: try parse(text).encoded(), as: UTF8.self) == text)
  }

  @Test(
    "what is no JSON is refused",
    arguments: [
      "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "1e", "-", "nul", "\"\n\"", "\"\\x\"",
      "\"\\u12g4\"", "\"abc", "1 2", "[1", "{\"a\"}", "'a'", "NaN", "+1",
    ])
  func malformed(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test("bytes that are not UTF-8 are refused in a string")
  func notUTF8() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test("escapes become characters, a surrogate pair one, a lone surrogate the replacement character")
  func escapes() throws {
    #expect(try parse(#""\u00e9\/\b\f\ud83d\ude00""#) == .string("é/\u{08}\u{0C}😀"))
    #expect(try parse(#""\ud83dx\udc00\ud800\u0041""#) == .string("\u{FFFD}x\u{FFFD}\u{FFFD}A"))
  }

  @Test("nesting is bounded, and deep nesting within the bound is read")
  func nesting() throws {
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
    let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(try parse(deep).array?.count == 1)
  }

  @Test("the error tells the offset")
  func offset() {
    #expect(throws: JSONError(reason: "`:` is missing", offset: 5)) { try parse("{\"a\" 1}") }
  }

  @Test("of members with one name the last counts")
  func lastMember() throws { #expect(try parse("{\"a\":1,\"a\":2}")["a"]?.int == 2) }

  @Test("whole numbers are whole in any spelling, and others are not")
  func integers() throws {
    #expect(try parse("1e2").int == 100)
    #expect(try parse("2.0").int == 2)
    #expect(try parse("2.5").int == nil)
    #expect(try parse("1e300").int == nil)
    #expect(try parse("\"1\"").int == nil)
  }

  @Test("what JSON cannot spell is null")
  func notFinite() {
    #expect(JSON(Double.infinity) == .null)
    #expect(JSON(Float.nan) == .null)
  }
}
