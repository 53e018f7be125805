import Testing
import WeirWire

@Suite("A redactor")
struct TextRedactorTests {
  @Test("takes out every match of every expression, and leaves the rest")
  func matches() throws {
    let redactor = try TextRedactor([#"sk-[a-z0-9]+"#, #"\b\d{4}(-\d{4}){3}\b"#])
    #expect(
      redactor.redact("key sk-abc1, card 1234-5678-9012-3456, é sk-x")
        == "key [redacted], card [redacted], é [redacted]")
    #expect(redactor.redact("nothing here") == "nothing here")
    #expect(redactor.redact("") == "")
    #expect(try TextRedactor([]).redact("all stays") == "all stays")
  }

  @Test("refuses what it cannot use", arguments: ["(", "(?=x)", #"(a)\1"#])
  func malformed(pattern: String) { #expect(throws: TextRedactor.Fault.malformed) { try TextRedactor([pattern]) } }

  @Test("refuses an expression that fits everywhere, and what is too long or too many")
  func bounds() {
    for pattern in ["", "a*", "^", "x?"] {
      #expect(throws: TextRedactor.Fault.matchesNothing) { try TextRedactor([pattern]) }
    }
    #expect(throws: TextRedactor.Fault.tooMuch) { try TextRedactor([String(repeating: "a", count: 3000)]) }
    #expect(throws: TextRedactor.Fault.tooMuch) { try TextRedactor(Array(repeating: "a", count: 65)) }
  }

  @Test("takes no longer for an expression that others choke on")
  func linear() throws {
    let text = String(repeating: "a", count: 60_000)
    #expect(try TextRedactor(["(a+)+$"]).redact(text) == TextRedactor.mark)
    #expect(try TextRedactor(["(a|aa)+b"]).redact(text) == text)
  }

  @Test("does not take a mark for the text that it stands in")
  func specialMark() throws { #expect(try TextRedactor([#"\\"#]).redact(#"a\b"#) == "a[redacted]b") }
}
