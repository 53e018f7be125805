import Testing
import WeirPolicy

@Suite("What a request costs")
struct ModelPricesTests {
  private let prices = ModelPrices(input: 2, output: 8, cached: 0.5, reasoning: 10)

  @Test("counts cached and reasoning tokens once")
  func parts() {
    let cost = prices.cost(
      inputTokens: 1_000_000, outputTokens: 500_000, cachedTokens: 400_000, reasoningTokens: 100_000)
    #expect(abs(cost - (0.6 * 2 + 0.4 * 0.5 + 0.4 * 8 + 0.1 * 10)) < 1e-9)
  }

  @Test("takes the plain price where no other is known")
  func plain() {
    let cost = ModelPrices(input: 1, output: 3)
      .cost(inputTokens: 10, outputTokens: 10, cachedTokens: 5, reasoningTokens: 5)
    #expect(abs(cost - 40e-6) < 1e-12)
  }

  @Test("is never negative and never traps")
  func nonsense() {
    #expect(prices.cost(inputTokens: -5, outputTokens: .min, cachedTokens: .max, reasoningTokens: .max) == 0)
    #expect(prices.cost(inputTokens: 10, outputTokens: 0, cachedTokens: 1_000) == 10 * 0.5 / 1_000_000)
    #expect(
      prices.cost(inputTokens: .max, outputTokens: .max, cachedTokens: .min, reasoningTokens: .min).isFinite)
  }
}
