import Testing

@testable import WeirPolicy

@Suite("The x-ratelimit headers")
struct RateLimitFieldsTests {
  @Test("have OpenAI's names and formats")
  func fields() {
    let view = RateLimitView(
      requests: RateLimitView.Part(limit: 60, remaining: 59, reset: 1_000_000_000),
      tokens: RateLimitView.Part(limit: 150_000, remaining: 149_984, reset: 360_000_000_000))
    #expect(
      view.fields.map { "\($0.name): \($0.value)" } == [
        "x-ratelimit-limit-requests: 60", "x-ratelimit-limit-tokens: 150000",
        "x-ratelimit-remaining-requests: 59", "x-ratelimit-remaining-tokens: 149984",
        "x-ratelimit-reset-requests: 1s", "x-ratelimit-reset-tokens: 6m0s",
      ])
  }

  @Test("are there only for what is limited")
  func partial() {
    #expect(RateLimitView().fields == [])
    let part = RateLimitView.Part(limit: 1, remaining: 0, reset: 0)
    #expect(RateLimitView(tokens: part).fields.allSatisfy { $0.name.hasSuffix("-tokens") })
    #expect(RateLimitView(tokens: part).fields.count == 3)
  }

  @Test(
    "write a duration as Go does, rounded up to the millisecond",
    arguments: [
      (0, "0s"), (1, "1ms"), (120_000_000, "120ms"), (999_000_001, "1s"), (1_000_000_000, "1s"),
      (8_640_000_000, "8.64s"), (59_999_000_001, "1m0s"), (90_951_000_000, "1m30.951s"), (360_000_000_000, "6m0s"),
      (3_600_500_000_000, "1h0m0.5s"), (86_400_000_000_000, "24h0m0s"), (-5, "0s"),
      (Int64.max, "2562047h47m16.855s"),
    ] as [(Int64, String)])
  func durations(nanoseconds: Int64, text: String) {
    #expect(ResetDuration.text(nanoseconds) == text)
  }
}
