import Testing

@testable import WeirUpstream

@Suite("A duration in nanoseconds")
struct DurationNanosecondsTests {
  @Test("is exact, and clamped where 64 bits cannot hold it")
  func nanoseconds() {
    #expect(Duration.seconds(3).nanoseconds == 3_000_000_000)
    #expect(Duration.milliseconds(1).nanoseconds == 1_000_000)
    #expect(Duration.nanoseconds(7).nanoseconds == 7)
    #expect(Duration.zero.nanoseconds == 0)
    #expect(Duration.seconds(-2).nanoseconds == -2_000_000_000)
    #expect(Duration.seconds(Int64.max / 1000).nanoseconds == .max)
    let nearly = Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 999_999_999_000_000_000)
    #expect(nearly.nanoseconds == .max)
    #expect((.zero - nearly).nanoseconds == .min)
  }
}
