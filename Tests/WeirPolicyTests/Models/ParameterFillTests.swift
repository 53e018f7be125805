import Testing
import WeirPolicy
import WeirWire

@Suite("What is filled in for Kimi models")
struct ParameterFillTests {
  private func fills(
    _ model: String = "kimi-k2", _ endpoint: Endpoint = .chatCompletions, hasMaxTokens: Bool = false,
    hasTemperature: Bool = false, maxTokens: Int? = 8_192, temperature: String? = "0.60"
  ) -> [String] {
    ParameterFill.fills(
      for: ModelCatalog.builtIn.resolve(model), endpoint: endpoint, hasMaxTokens: hasMaxTokens,
      hasTemperature: hasTemperature, maxTokens: maxTokens, temperature: temperature
    ).map { "\($0.name)=\($0.json)" }
  }

  @Test("is both parameters, in the operator's spelling, under the endpoint's names")
  func both() {
    for endpoint in [Endpoint.chatCompletions, .completions, .messages] {
      #expect(fills("kimi-k2", endpoint) == ["temperature=0.60", "max_tokens=8192"])
    }
    #expect(fills("kimi-k2", .responses) == ["temperature=0.60", "max_output_tokens=8192"])
  }

  @Test("is only what the request is silent about")
  func silent() {
    #expect(fills(hasMaxTokens: true) == ["temperature=0.60"])
    #expect(fills(hasTemperature: true) == ["max_tokens=8192"])
    #expect(fills(hasMaxTokens: true, hasTemperature: true) == [])
  }

  @Test("is nothing where nothing is set, for other models, and for other endpoints")
  func nothing() {
    #expect(fills(maxTokens: nil, temperature: nil) == [])
    #expect(fills("gpt-4") == [])
    for endpoint in [Endpoint.embeddings, .models, .other] { #expect(fills("kimi-k2", endpoint) == []) }
  }

  @Test(
    "is no temperature for models that take only one",
    arguments: ["moonshotai/kimi-k2-thinking", "kimi-k2.6", "kimi-k2:thinking"])
  func fixed(model: String) {
    #expect(fills(model) == ["max_tokens=8192"])
  }
}
