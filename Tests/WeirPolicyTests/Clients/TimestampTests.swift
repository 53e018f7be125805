import Testing

@testable import WeirPolicy

@Suite("Points in time")
struct TimestampTests {
  @Test(
    "are read as RFC 3339 writes them",
    arguments: [
      ("1970-01-01", 0), ("2026-11-21", 1_795_219_200), ("2026-11-21T00:00:00Z", 1_795_219_200),
      ("2026-11-21t01:30:15z", 1_795_224_615), ("2026-11-21T00:00:00.999Z", 1_795_219_200),
      ("2026-11-21T02:00:00+02:00", 1_795_219_200), ("2026-11-20T19:00:00-05:00", 1_795_219_200),
      ("2024-02-29", 1_709_164_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] as [(String, Int64)])
  func reading(text: String, seconds: Int64) {
    #expect(Timestamp.parse(text) == seconds)
  }

  @Test(
    "are not read from anything else",
    arguments: [
      "", "2026", "2026-11", "2026-11-31", "2025-02-29", "2026-13-01", "2026-00-10", "1969-12-31", "2026/11/21",
      "2026-11-21T", "2026-11-21 00:00:00Z", "2026-11-21T00:00:00", "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z",
      "2026-11-21T00:00:00+2", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00Zz", "é026-11-21", "+026-11-21",
    ])
  func malformed(text: String) {
    #expect(Timestamp.parse(text) == nil)
  }

  @Test("come back from the text that is shown")
  func writing() {
    #expect(Timestamp.text(1_795_224_615) == "2026-11-21T01:30:15Z")
    for seconds in stride(from: Int64(0), to: 253_402_300_799, by: 98_765_432_1) {
      #expect(Timestamp.parse(Timestamp.text(seconds)) == seconds)
    }
  }
}
