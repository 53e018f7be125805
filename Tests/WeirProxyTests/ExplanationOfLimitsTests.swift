import Testing
import WeirConfiguration

@testable import WeirProxy

@Suite("An explanation of limits and budgets")
struct ExplanationOfLimitsTests {
  private func lines(
    _ environment: [String: String], _ body: String = #"{"model":"openai/gpt-4o"}"#
  ) throws -> [String] {
    let explanation = Explanation.explain(
      try configuration(environment), path: "/v1/chat/completions", headers: [], body: Array(body.utf8))
    return explanation.lines.filter { $0.hasPrefix("limit: ") || $0.hasPrefix("budget: ") }
  }

  @Test("says what the request takes of each, and where each comes from")
  func told() throws {
    let lines = try lines([
      "WEIR_RATE_LIMIT_RPM": "7", "WEIR_RATE_LIMIT_TPM": "10", "WEIR_BUDGET_USD_DAY": "2.5",
      "WEIR_BUDGET_STATE_FILE": "off",
    ])
    try #require(lines.count == 3)
    #expect(
      lines[0] == "limit: rpm, 7 requests a minute, burst 7, per client; takes 1 "
        + "[limits.rates[rpm] from environment WEIR_RATE_LIMIT_RPM]")
    #expect(lines[1].hasPrefix("limit: tpm, 10 tokens a minute, burst 10, per client; takes about 10 "))
    #expect(lines[2].hasPrefix("budget: usd_day, USD 2.5 a day, each client, hard; spent USD 0, reserves USD 0.0"))
  }

  @Test("is silent where there are none, and for a request that is refused before")
  func silent() throws {
    #expect(try lines([:]).isEmpty)
    #expect(try lines(["WEIR_RATE_LIMIT_RPM": "7"], "{}").isEmpty)
  }

  @Test("names the one that refuses")
  func refused() throws {
    let explanation = Explanation.explain(
      try configuration(["WEIR_BUDGET_USD_DAY": "0.000000001", "WEIR_BUDGET_STATE_FILE": "off"]),
      path: "/v1/chat/completions", headers: [], body: Array(#"{"model":"openai/gpt-4o"}"#.utf8))
    #expect(explanation.isRefused)
    #expect(explanation.lines.contains { $0.hasPrefix("budget: usd_day") && $0.contains("reserves USD 0 ") })
    #expect(explanation.lines.contains { $0.hasPrefix("decision: refuse with 429 budget_exceeded") })
  }
}
