import Testing

@testable import WeirMetrics

@Suite("A number's text")
struct FloatTextTests {
  @Test(
    "has plain digits for whole values and the shortest round trip for others",
    arguments: [
      (0, "0"), (-0.0, "0"), (1, "1"), (-17, "-17"), (1e15, "1000000000000000"),
      (9_007_199_254_740_992, "9007199254740992"), (1e18, "1000000000000000000"), (1e20, "1e+20"),
      (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"), (1_795_246_000.25, "1795246000.25"),
      (0.000_012_3, "1.23e-05"),
      (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
      (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (-.nan, "NaN"),
    ])
  func value(number: Double, text: String) {
    #expect(FloatText.value(number) == text)
  }

  @Test(
    "is canonical for a bucket's bound",
    arguments: [
      (0, "0.0"), (0.001, "0.001"), (0.01, "0.01"), (1, "1.0"), (10, "10.0"), (1e-10, "1e-10"),
      (1e-5, "1e-05"), (0.000_1, "0.0001"), (100_000, "100000.0"), (999_999.5, "999999.5"),
      (1e6, "1e+06"), (1_048_576, "1.048576e+06"), (1_048_576.5, "1.0485765e+06"),
      (1e10, "1e+10"), (-2_500_000, "-2.5e+06"), (1e16, "1e+16"), (1e100, "1e+100"), (.infinity, "+Inf"),
    ])
  func bound(number: Double, text: String) {
    #expect(FloatText.bound(number) == text)
  }

  @Test("reads back as the same number, in both forms")
  func roundTrip() {
    var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    for _ in 0..<20_000 {
      let number = Double(bitPattern: generator.next())
      if number.isFinite {
        #expect(Double(FloatText.value(number)) == number)
        #expect(Double(FloatText.bound(number)) == number)
      }
      let usual = Double(generator.next() >> 20) / 1_000
      #expect(Double(FloatText.value(usual)) == usual)
      #expect(Double(FloatText.bound(usual)) == usual)
    }
  }
}

/// The same numbers on every run.
private struct Xorshift {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
