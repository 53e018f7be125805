import Testing

@testable import WeirPolicy

@Suite("Amounts of money")
struct NanoUSDTests {
  @Test("are whole billionths of a dollar")
  func rounding() {
    #expect(NanoUSD(rounding: 0.000012345) == NanoUSD(12_345))
    #expect(NanoUSD(rounding: 0.1) == NanoUSD(100_000_000))
    #expect(NanoUSD(rounding: 1.4e-9) == NanoUSD(1))
    #expect(NanoUSD(roundingUp: 1.1e-9) == NanoUSD(2))
    #expect(NanoUSD(1_250_000_000).dollars == 1.25)
  }

  @Test("add without drift, where doubles do not")
  func exact() {
    var sum = NanoUSD.zero
    for _ in 0..<1000 { sum = sum + NanoUSD(rounding: 0.001) }
    #expect(sum == NanoUSD(1_000_000_000))
  }

  @Test("are never negative, not a number, or more than the largest", arguments: [-1, -.infinity, .nan, -0.0])
  func nothing(dollars: Double) {
    #expect(NanoUSD(rounding: dollars) == .zero)
    #expect(NanoUSD(roundingUp: dollars) == .zero)
  }

  @Test("saturate")
  func saturation() {
    #expect(NanoUSD(rounding: .infinity).value == .max)
    #expect(NanoUSD(rounding: 1e300).value == .max)
    #expect(NanoUSD(.max) + NanoUSD(1) == NanoUSD(.max))
  }
}
