import Testing
import WeirWire

@Suite("A small JSON document")
struct JSONDocumentTests {
  private func read(_ text: String) throws -> JSONDocument { try JSONDocument.read(Array(text.utf8)) }

  @Test("gives back what was written")
  func values() throws {
    let document = try read(#"{"a":[1,-2.50,true,null],"b":{"c":"x\u00e9\n\ud83d\ude00"}}"#)
    #expect(document["a"] == .array([.number("1"), .number("-2.50"), .boolean(true), .null]))
    #expect(document["b"]?["c"] == .string("x\u{E9}\n\u{1F600}"))
    #expect(document["d"] == nil)
  }

  @Test(
    "knows a whole number from any other",
    arguments: [("7", 7), ("-0", 0), ("1.0", nil), ("1e2", nil), ("\"7\"", nil)])
  func wholeNumbers(text: String, number: Int64?) throws {
    #expect(try read(text).wholeNumber == number)
  }

  @Test("takes no number that does not fit for another")
  func tooLarge() throws {
    #expect(try read("9223372036854775807").wholeNumber == .max)
    #expect(try read("9223372036854775808").wholeNumber == nil)
  }

  @Test(
    "is refused with the line and the reason",
    arguments: [
      ("", 1, "too early"), ("{\"a\":1,\n\"a\":2}", 2, "twice"), ("[1,\n2", 2, "comma or ]"), ("{1:2}", 1, "key"),
      ("[01]", 1, "not JSON"), ("[nul]", 1, "not JSON"), ("\"\t\"", 1, "control"), ("\"\\q\"", 1, "escape"),
      ("[]\n[]", 2, "follows"), ("\"a", 1, "does not end"),
    ])
  func refused(text: String, line: Int, what: String) {
    do throws(JSONDocument.Fault) {
      _ = try JSONDocument.read(Array(text.utf8))
      Issue.record("it was read")
    } catch {
      #expect(error.line == line)
      #expect(error.what.contains(what), "\(error.what)")
    }
  }

  @Test("is nested 16 levels deep at most")
  func depth() {
    let fits = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
    #expect(throws: Never.self) { try read(fits) }
    #expect(throws: JSONDocument.Fault.self) { try read("[[" + fits + "]]") }
  }

  @Test("is UTF-8")
  func encoding() {
    #expect(throws: JSONDocument.Fault.self) { try JSONDocument.read([0x22, 0xFF, 0x22]) }
  }
}
