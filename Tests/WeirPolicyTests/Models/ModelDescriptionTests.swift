import Testing

@testable import WeirPolicy

@Suite("The price of one token")
struct ModelDescriptionTests {
  @Test(
    "is written in decimal digits, exact to the last",
    arguments: [
      (0.57, "0.00000057"), (2.30, "0.0000023"), (0.075, "0.000000075"), (30, "0.00003"), (0, "0"), (-0.0, "0"),
      (1_000_000, "1"), (1_500_000, "1.5"), (12_345_678.9, "12.3456789"), (1e-5, "0.00000000001"),
      (1e20, "100000000000000"), (1.5e16, "15000000000"), (0.1 + 0.2, "0.00000030000000000000004"),
    ])
  func text(price: Double, expected: String) {
    #expect(TokenPrice.text(perMillion: price) == expected)
  }

  @Test("survives any number", arguments: [1e-300, Double.greatestFiniteMagnitude, 1e300])
  func extremes(price: Double) throws {
    let text = try #require(TokenPrice.text(perMillion: price))
    let read = try #require(Double(text))
    #expect(abs(read - price / 1e6) <= price / 1e6 * 1e-9)
  }

  @Test("is nothing where there is no price", arguments: [-1, .nan, .infinity, -Double.infinity])
  func none(price: Double) {
    #expect(TokenPrice.text(perMillion: price) == nil)
  }
}
