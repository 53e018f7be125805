import Testing

@testable import WeirStore

@Suite("A report's options")
struct LedgerSpanTests {
  @Test(
    "take spans of time",
    arguments: zip(["30s", "15m", "24h", "7d", "2w"], [30_000, 900_000, 86_400_000, 604_800_000, 1_209_600_000]))
  func spans(text: String, milliseconds: Int64) throws {
    let span = try #require(LedgerSpan(text))
    #expect(span.milliseconds == milliseconds)
    #expect(span.start(nowMilliseconds: 2_000_000_000) == 2_000_000_000 - milliseconds)
  }

  @Test("take all")
  func all() throws {
    let span = try #require(LedgerSpan("all"))
    #expect(span.start(nowMilliseconds: 5) == nil)
  }

  @Test(
    "take no other spans",
    arguments: [
      "", "24", "h", "0h", "-1h", "1.5h", "24 h", "24H", "1y", "9223372036854775807w", "2000000w", "ALL", "١h",
    ])
  func noSpans(text: String) { #expect(LedgerSpan(text) == nil) }

  @Test("take dimensions in the order given")
  func dimensions() throws {
    #expect(try LedgerDimension.list("model") == [.model])
    #expect(try LedgerDimension.list("user, day,rollout") == [.user, .day, .rollout])
  }

  @Test(
    "name what is no dimension, or comes twice",
    arguments: zip(["", "models", "model,", "model,model", "model;day"], ["", "models", "", "model", "model;day"]))
  func noDimensions(text: String, name: String) {
    #expect(throws: UnknownDimension(name: name)) { try LedgerDimension.list(text) }
  }
}
