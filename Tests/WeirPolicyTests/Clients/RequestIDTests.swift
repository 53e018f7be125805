import Testing

@testable import WeirPolicy

@Suite("A request's id")
struct RequestIDTests {
  @Test(
    "from the client is kept when it can stand in a header, a log line and a message",
    arguments: ["a", "req_01HZX", "trace:span/1+2=3-4.5", String(repeating: "x", count: 128)])
  func kept(id: String) {
    #expect(RequestID.isValid(id))
  }

  @Test(
    "from the client is not kept otherwise",
    arguments: [
      "", " ", "a b", "a\tb", "a\r\nb", "a\"b", "a,b", "a;b", "a\\b", "a<b>", "é", "a\u{0}", "a\u{7F}", "{}",
      String(repeating: "x", count: 129),
    ])
  func dropped(id: String) {
    #expect(!RequestID.isValid(id))
  }

  @Test("may hold exactly these of the ASCII characters")
  func alphabet() {
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+=-"
    for byte in UInt8.min...0x7F {
      let character = Character(UnicodeScalar(byte))
      #expect(RequestID.isValid(String(character)) == allowed.contains(character), "byte \(byte)")
    }
  }

  @Test("of weir's own is `req_`, the time in milliseconds and 80 random bits, in hexadecimal")
  func made() {
    #expect(
      RequestID.make(milliseconds: 0x0123_4567_89ab, random: (0x1111_2222_3333_cdef, 0xfedc_ba98_7654_3210))
        == "req_0123456789abcdeffedcba9876543210")
    #expect(RequestID.make(milliseconds: 0, random: (0, 0)) == "req_" + String(repeating: "0", count: 32))
    #expect(RequestID.make(milliseconds: -1, random: (.max, .max)) == "req_" + String(repeating: "f", count: 32))
  }

  @Test("of weir's own sorts by its time, to the millisecond")
  func order() {
    var random = SplitMix64(seed: 3)
    let times: [Int64] = [0, 1, 255, 256, 1_795_219_200_000, 1_795_219_200_001]
    let ids = times.map { RequestID.make(milliseconds: $0, random: (random.next(), random.next())) }
    #expect(ids == ids.sorted())
  }

  @Test("of weir's own is one that weir would keep")
  func own() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<100 {
      #expect(
        RequestID.isValid(RequestID.make(milliseconds: 1_795_219_200_000, random: (random.next(), random.next()))))
    }
  }
}
