import Testing
import WeirWire

@Suite("JSON text")
struct JSONTextTests {
  @Test("escapes what must be escaped and nothing else")
  func escapes() {
    #expect(JSONText.quoted("") == "\"\"")
    #expect(JSONText.quoted("a\"b\\c/d") == #""a\"b\\c/d""#)
    #expect(JSONText.quoted("\n\r\t\u{0}\u{1b}\u{1f}") == #""\n\r\t\u0000\u001b\u001f""#)
    #expect(JSONText.quoted("é漢😀\u{7f}\u{2028}") == "\"é漢😀\u{7f}\u{2028}\"")
  }

  @Test("reads back as what was written")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<random.below(12) {
        let value = random.chance(50) ? UInt32(random.below(0x80)) : UInt32(random.below(0x11_0000))
        if let scalar = UnicodeScalar(value) { text.unicodeScalars.append(scalar) }
      }
      let read = try parse("{\"model\":\(JSONText.quoted(text))}").model
      #expect(read.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
    }
  }
}
