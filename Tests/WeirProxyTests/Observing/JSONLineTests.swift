import Testing
import WeirPolicy
import WeirWire

@testable import WeirProxy

@Suite("A line of JSON")
struct JSONLineTests {
  private func text(_ build: (inout JSONLine) -> Void) -> String {
    var line = JSONLine()
    build(&line)
    return String(decoding: line.finish(), as: UTF8.self)
  }

  @Test("is an object with its fields in their order")
  func fields() {
    let line = text {
      $0.add("a", "x")
      $0.add("b", 7)
      $0.add("c", true)
      $0.add("d", false)
      $0.add("e", nanoseconds: 12_345_678)
      $0.add("f", json: Array("[1,null]".utf8))
      $0.addMember("g\"", "y")
    }
    #expect(line == #"{"a":"x","b":7,"c":true,"d":false,"e":12.345,"f":[1,null],"g\"":"y"}"#)
  }

  @Test("has room for fields of any size, however little was reserved", arguments: [0, 1, 15, 16, 1_000, 100_000])
  func room(size: Int) throws {
    let long = String(repeating: "x", count: size)
    var line = JSONLine(capacity: 0)
    for _ in 0..<3 {
      line.add("user", long)
      line.addMember("m", long)
      line.add("n", Int.min)
      line.add("j", json: "\"\(long)\"".utf8)
    }
    let fields = #""user":"X","m":"X","n":-9223372036854775808,"j":"X""#.replacing("X", with: long)
    let text = String(decoding: line.finish(), as: UTF8.self)
    #expect(text == "{" + [fields, fields, fields].joined(separator: ",") + "}")
  }

  @Test("escapes what must be, every byte at every place of texts of every length up to twenty")
  func everyPlace() {
    for length in 1...20 {
      for place in 0..<length {
        for byte in UInt8(0)..<0x80 {
          var bytes = [UInt8](repeating: UInt8(ascii: "~"), count: length)
          bytes[place] = byte
          let value = String(decoding: bytes, as: UTF8.self)
          let line = text { $0.add("a", value) }
          guard line == "{\"a\":\(JSONText.quoted(value))}" else {
            Issue.record("byte \(byte) at \(place) of \(length): \(line)")
            return
          }
        }
      }
    }
  }

  @Test("has a trace's id in 32 digits")
  func trace() {
    let trace = TraceContext(high: 0x0123_4567_89AB_CDEF, low: 0x0000_0000_F00D_000A)
    #expect(text { $0.add("t", trace) } == #"{"t":"0123456789abcdef00000000f00d000a"}"#)
  }

  @Test("without a field is an empty object")
  func empty() {
    #expect(text { _ in } == "{}")
  }

  @Test(
    "is one line and valid whatever its values hold",
    arguments: [
      "\n", "\r\n", "\"", "\\", "\u{0}", "\u{1F}", "\t", "é漢👩", "\u{2028}", "</script>", "{\"a\":1}", "\u{7F}",
    ])
  func values(value: String) throws {
    var line = JSONLine()
    line.add("user", value)
    line.addMember(value, "v")
    let bytes = line.finish()
    #expect(bytes.allSatisfy { $0 >= 0x20 })
    #expect(try envelope(bytes).user == value)
  }

  @Test(
    "has whole numbers of any size",
    arguments: [
      (0, "0"), (9, "9"), (10, "10"), (-1, "-1"), (Int.max, "9223372036854775807"), (Int.min, "-9223372036854775808"),
    ])
  func numbers(value: Int, expected: String) {
    #expect(text { $0.add("n", value) } == "{\"n\":\(expected)}")
  }

  @Test(
    "has milliseconds with three decimals, and none below zero",
    arguments: [
      (0, "0.000"), (999, "0.000"), (1000, "0.001"), (999_999, "0.999"), (1_000_000, "1.000"),
      (60_000_000_000, "60000.000"),
      (-1, "0.000"), (Int64.min, "0.000"), (Int64.max, "9223372036854.775"),
    ])
  func milliseconds(nanoseconds: Int64, expected: String) {
    #expect(text { $0.add("n", nanoseconds: nanoseconds) } == "{\"n\":\(expected)}")
  }

  @Test(
    "pads numbers to their width",
    arguments: [(0, 2, "00"), (7, 2, "07"), (59, 2, "59"), (7, 4, "0007"), (2026, 4, "2026")])
  func padded(value: Int, width: Int, expected: String) {
    let text = unsafe String(unsafeUninitializedCapacity: width) { room in
      guard let start = room.baseAddress else { return 0 }
      unsafe Digits.writePadded(value, width: width, to: start)
      return width
    }
    #expect(text == expected)
  }
}
