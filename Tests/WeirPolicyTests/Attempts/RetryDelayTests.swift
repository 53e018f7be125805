import Testing

@testable import WeirPolicy

@Suite("What an upstream asks to wait")
struct RetryDelayTests {
  private static let second: Int64 = 1_000_000_000
  /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
  private static let date: Int64 = 784_111_777

  private func wait(
    _ retryAfter: String?, ms: String? = nil, resets: [RetryDelay.Reset] = [], wall: Int64 = 0
  ) -> Int64? {
    RetryDelay.parse(retryAfter: retryAfter, retryAfterMilliseconds: ms, resets: resets, wall: wall)
  }

  @Test(
    "is read from seconds",
    arguments: [
      ("0", 0), ("1", 1), ("120", 120), (" 7\t", 7), ("+3", 3), ("-5", 0), ("-0.5", 0), ("3600", 3600),
      ("3601", 3600), ("31536000", 3600), ("99999999999999999999999999", 3600), ("007", 7),
      ("000000000000000000009", 9),
    ])
  func seconds(text: String, expected: Int64) {
    #expect(wait(text) == expected * Self.second)
  }

  @Test("is read from fractions of seconds, as some servers send them")
  func fractions() {
    #expect(wait("0.5") == Self.second / 2)
    #expect(wait("1.25") == Self.second * 5 / 4)
    #expect(wait("1.0000000000000000000000000000000001") == Self.second)
    #expect(wait("0.1234567890123456789012345678901234567890") == 123_456_789)
  }

  @Test(
    "is not read from what is no number and no date",
    arguments: [
      "", " ", "soon", "1 s", "1,5", "1.", ".5", ".", "-", "+", "--1", "1e3", "0x10", "٣", "nan", "inf", "1 2", "\u{0}",
      "Sun", "Sun, 06 Nov", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
      "06, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19940 08:49:37 GMT", "Sun Nov  6 08:49:37 94",
      "Sun, +6 Nov 1994 08:49:37 GMT",
    ])
  func garbage(text: String) {
    #expect(wait(text) == nil)
  }

  @Test(
    "is read from all three forms of a date",
    arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func dates(text: String) {
    #expect(wait(text, wall: Self.date - 90) == 90 * Self.second)
    #expect(wait(text, wall: Self.date) == 0)
    #expect(wait(text, wall: Self.date + 1) == 0)
    #expect(wait(text, wall: Self.date - 86400) == RetryDelay.longest)
  }

  @Test("goes by the reply's own date where it has one, whatever the clock here says", arguments: [0, Int64.max])
  func ownDate(wall: Int64) {
    func wait(_ retryAfter: String?, resets: [RetryDelay.Reset] = []) -> Int64? {
      RetryDelay.parse(
        retryAfter: retryAfter, resets: resets, date: " Sun, 06 Nov 1994 08:49:37 GMT", wall: wall)
    }
    #expect(wait("Sun, 06 Nov 1994 08:49:40 GMT") == 3 * Self.second)
    #expect(wait(nil, resets: [.init("\(Self.date + 5)000")]) == 5 * Self.second)
    #expect(wait("4") == 4 * Self.second)
    #expect(
      RetryDelay.parse(retryAfter: "Sun, 06 Nov 1994 08:49:40 GMT", date: "today", wall: Self.date) == 3 * Self.second)
  }

  @Test(
    "goes by the clock here where the reply's date is the wrong one",
    arguments: [
      "Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 1994 07:49:37 GMT", "Fri, 31 Dec 2100 23:59:59 GMT",
    ])
  func wrongDate(date: String) {
    let wait = RetryDelay.parse(
      retryAfter: nil, resets: [.init("\(Self.date + 5)000")], date: date, wall: Self.date)
    #expect(wait == 5 * Self.second)
  }

  @Test("takes a year of two digits for the one nearest to now, at most 50 years ahead")
  func shortYears() {
    #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT", wall: 1_800_000_000) == Self.date)
    #expect(HTTPDate.parse("Friday, 01-Jan-27 00:00:00 GMT", wall: 1_790_000_000) == 1_798_761_600)
    #expect(HTTPDate.parse("Friday, 01-Jan-27 00:00:00 GMT", wall: .max) != nil)
    #expect(HTTPDate.parse("Friday, 01-Jan-27 00:00:00 GMT", wall: .min) != nil)
  }

  @Test("knows leap years, and the first and last moments of a date")
  func calendar() {
    #expect(HTTPDate.parse("Thu, 01 Jan 1970 00:00:00 GMT", wall: 0) == 0)
    #expect(HTTPDate.parse("Tue, 29 Feb 2000 00:00:00 GMT", wall: 0) == 951_782_400)
    #expect(HTTPDate.parse("Mon, 29 Feb 2100 00:00:00 GMT", wall: 0) == nil)
    #expect(HTTPDate.parse("Fri, 31 Dec 9999 23:59:59 GMT", wall: 0) == 253_402_300_799)
    #expect(HTTPDate.parse("Sat, 01 Jan 0000 00:00:00 GMT", wall: 0) == -62_167_219_200)
    #expect(wait("Sat, 01 Jan 0000 00:00:00 GMT", wall: .max) == 0)
    #expect(wait("Fri, 31 Dec 9999 23:59:59 GMT", wall: .min) == RetryDelay.longest)
  }

  @Test("is taken from retry-after-ms first, unless that cannot be read")
  func milliseconds() {
    #expect(wait("9", ms: "1500") == 1_500_000_000)
    #expect(wait("9", ms: "soon") == 9 * Self.second)
    #expect(wait(nil, ms: "-1") == 0)
    #expect(wait(nil, ms: "99999999999") == RetryDelay.longest)
    #expect(wait("x", ms: "y") == nil)
    #expect(wait(nil) == nil)
  }

  @Test(
    "is read from a rate limit's reset as a span, a moment or seconds",
    arguments: [
      ("6m0s", 360_000), ("120ms", 120), ("1s", 1000), ("1h", 3_600_000), ("1m30.5s", 90_500), ("2h", 3_600_000),
      ("0s", 0), ("-1s", 0), ("500us", 0), ("1d", 3_600_000), ("17", 17_000), ("1700000005000", 5000),
      ("1700000005", 5000), ("1699999999000", 0), ("1699999999", 0), ("17000000050000", 3_600_000),
      ("999999999999999999999999h", 3_600_000), ("1h999999999999999999h", 3_600_000),
    ])
  func resets(text: String, expectedMilliseconds: Int64) throws {
    let read = try #require(wait(nil, resets: [.init(text)], wall: 1_700_000_000))
    #expect(read / 1_000_000 == expectedMilliseconds)
  }

  @Test("is not read from resets that are none", arguments: ["", "s", "1x", "1s2", "m1", "1 s", "1.s", "abc"])
  func badResets(text: String) {
    #expect(wait(nil, resets: [.init(text)]) == nil)
  }

  @Test("is that of the limit which is spent, or the longest where none is so marked")
  func spentLimit() {
    let requests = RetryDelay.Reset("2s", remaining: "0")
    let tokens = RetryDelay.Reset("6m0s", remaining: "1000")
    #expect(wait(nil, resets: [requests, tokens]) == 2 * Self.second)
    #expect(wait(nil, resets: [.init("2s"), tokens]) == 360 * Self.second)
    #expect(wait("1", resets: [tokens]) == Self.second)
    #expect(wait("never", resets: [.init("junk"), .init("3s")]) == 3 * Self.second)
  }

  @Test("is never below zero or above an hour, and no text ends the process")
  func anyText() {
    var random = SplitMix64(seed: 11)
    let alphabet = Array("0123456789.-+:, smhdGMTSunNov\u{b5}é")
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...30, using: &random)
      let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
      let wall = Int64.random(in: .min ... .max, using: &random)
      for read in [wait(text, wall: wall), wait(nil, ms: text), wait(nil, resets: [.init(text)], wall: wall)] {
        if let read { #expect((0...RetryDelay.longest).contains(read), "\(text)") }
      }
    }
  }
}
