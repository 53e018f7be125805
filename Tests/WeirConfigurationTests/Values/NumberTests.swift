import Testing

@testable import WeirConfiguration

@Suite("Numbers")
struct NumberTests {
  @Test(
    "of seconds have up to three decimals",
    arguments: [
      ("5", 5000), ("0.25", 250), ("0.001", 1), ("600.0", 600_000), ("604800", 604_800_000), ("007.5", 7500),
    ])
  func seconds(text: String, milliseconds: Int) throws {
    #expect(try ValueParsers.seconds(text, minimumMilliseconds: 1) == .milliseconds(milliseconds))
  }

  @Test(
    "of seconds are refused when zero, negative, too fine, too large or no number",
    arguments: [
      "0", "0.000", "-1", "+1", "1e3", "0.0001", "604800.001", "5s", "", ".", "5.", ".5", "1,5", "inf",
      "1.2.3", "9999999999",
    ])
  func notSeconds(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.seconds(text, minimumMilliseconds: 1) }
  }

  @Test("of seconds may be zero where that means not to wait")
  func zeroSeconds() throws {
    #expect(try ValueParsers.seconds("0", minimumMilliseconds: 0) == .zero)
  }

  @Test("of seconds are spelled in the shortest way", arguments: ["5", "0.25", "0.001", "600.1", "12.034"])
  func spelledSeconds(text: String) throws {
    let type = ValueType<Duration>.seconds
    #expect(type.spell(try type.parse(.text(text))) == text)
  }

  @Test(
    "of bytes are plain or binary multiples",
    arguments: [
      ("0", 0), ("33554432", 33_554_432), ("64KiB", 65_536), ("32 MiB", 33_554_432), ("1gib", 1 << 30),
    ])
  func bytes(text: String, count: Int) throws {
    #expect(try ValueParsers.byteCount(text, in: 0...(1 << 40)) == count)
  }

  @Test(
    "of bytes are refused when ambiguous, out of range or overflowing",
    arguments: [
      "", "-1", "1.5MiB", "1MB", "1k", "KiB", "0x10", "1_000", "9999GiB", "999999999999999999",
      "999999999999999999GiB",
    ])
  func notBytes(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.byteCount(text, in: 0...(1 << 40)) }
  }

  @Test(
    "of percent are exact to two decimals",
    arguments: [("0", 0), ("100", 10_000), ("12.5", 1250), ("0.01", 1), ("99.99", 9999), ("100.00", 10_000)])
  func percent(text: String, hundredths: Int) throws {
    #expect(try ValueParsers.percent(text).hundredths == hundredths)
  }

  @Test(
    "of percent are refused beyond 0 to 100, or finer",
    arguments: ["100.01", "-1", "101", "0.001", "10%", "1e1", "", "ten", "12.", ".5", "٥"])
  func notPercent(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.percent(text) }
  }

  @Test(
    "for a JSON body keep their spelling", arguments: ["0.6", "1", "0", "2.0", "6e-1", "0.60", "5E-1", "-0"])
  func json(text: String) throws {
    #expect(try ValueParsers.jsonNumber(text, maximum: 2).spelling == text)
  }

  @Test(
    "that JSON does not know, or out of range, are refused",
    arguments: [
      "", ".6", "1.", "01", "+1", "0x1", "nan", "Infinity", "1e", "2.1", "-0.1", "1 ", "1e999", "--1", "0.6f",
    ])
  func notJSON(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.jsonNumber(text, maximum: 2) }
  }

  @Test("that count things stay within their bounds")
  func integers() throws {
    #expect(try ValueParsers.integer("1", in: 1...10) == 1)
    #expect(try ValueParsers.integer("10", in: 1...10) == 10)
    for text in ["0", "11", "-1", "1.0", "", "1e1", "99999999999999999999"] {
      #expect(throws: ValueProblem.self) { try ValueParsers.integer(text, in: 1...10) }
    }
  }

  @Test(
    "that are too large for any counter are out of range, and not something other than a number",
    arguments: [
      "9000000000000000000", "99999999999999999999",
    ])
  func tooLarge(text: String) {
    let whole = #expect(throws: ValueProblem.self) { try ValueParsers.integer(text, in: 1...10) }
    #expect(whole?.what.contains("is out of range") == true)
    #expect(whole?.fix == "use 1 to 10")
    for unit in ["", "GiB"] {
      let bytes = #expect(throws: ValueProblem.self) { try ValueParsers.byteCount(text + unit, in: 1...10) }
      #expect(bytes?.what.contains("is out of range") == true)
    }
  }
}
