import Testing
import WeirWire

@Suite("Token usage")
struct TokenUsageTests {
  private func usage(_ text: String) -> TokenUsage? { plain(.chatCompletions, "{\"usage\":\(text)}").usage }

  @Test("drops counts that cannot be")
  func absurd() {
    #expect(usage(#"{"prompt_tokens":-1,"completion_tokens":5}"#) == TokenUsage(output: 5, untold: .input))
    #expect(usage(#"{"prompt_tokens":1e300,"completion_tokens":2e9}"#) == nil)
    #expect(usage(#"{"prompt_tokens":"7"}"#) == nil)
    #expect(usage(#"{"prompt_tokens":12.0,"completion_tokens":1e1}"#) == TokenUsage(input: 12, output: 10))
    #expect(
      usage(#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":9}}"#)
        == TokenUsage(input: 1, cached: 1, untold: .output))
    #expect(usage("null") == nil)
    #expect(usage("[]") == nil)
    #expect(usage("7") == nil)
    #expect(usage("{}") == nil)
  }

  @Test("a count that is missing is the rest of the total, or is said to be missing")
  func untold() {
    for output in ["null", "\"12\"", "-1"] {
      #expect(
        usage("{\"prompt_tokens\":5,\"completion_tokens\":\(output),\"total_tokens\":17}")
          == TokenUsage(input: 5, output: 12))
      #expect(
        usage("{\"prompt_tokens\":5,\"completion_tokens\":\(output)}") == TokenUsage(input: 5, untold: .output))
    }
    #expect(usage(#"{"completion_tokens":5,"total_tokens":9}"#) == TokenUsage(input: 4, output: 5))
    #expect(usage(#"{"completion_tokens":5,"total_tokens":3}"#) == TokenUsage(output: 5, untold: .input))
    #expect(usage(#"{"prompt_tokens":5,"total_tokens":5}"#) == TokenUsage(input: 5))
    #expect(plain(.embeddings, #"{"usage":{"prompt_tokens":5}}"#).usage == TokenUsage(input: 5), "has no output")
  }

  @Test("of a messages stream has no output before its end tells it")
  func anthropicStart() {
    let start = #"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#
    #expect(stream(.messages, [start]).usage == TokenUsage(input: 9, output: 1, untold: .output))
    let end = #"{"type":"message_delta","delta":{},"usage":{"output_tokens":3}}"#
    #expect(stream(.messages, [start, end]).usage == TokenUsage(input: 9, output: 3))
    let whole = plain(.messages, #"{"usage":{"input_tokens":9,"output_tokens":1}}"#)
    #expect(whole.usage == TokenUsage(input: 9, output: 1))
  }

  @Test("a price that cannot be is dropped")
  func price() {
    func cost(_ text: String) -> Double? {
      plain(.chatCompletions, "{\"usage\":{\"prompt_tokens\":1,\"cost\":\(text)}}").cost
    }
    #expect(cost("0.25") == 0.25)
    #expect(cost("0") == 0)
    for absurd in ["-1", "1e400", "1e9", "null", "\"1\""] { #expect(cost(absurd) == nil) }
  }

  @Test("a price with a provider's key of one's own has the provider's bill in it")
  func ownKey() {
    func cost(_ members: String, _ endpoint: Endpoint = .chatCompletions) -> Double? {
      plain(endpoint, "{\"usage\":{\"prompt_tokens\":1,\(members)}}").cost
    }
    let bill = #""cost_details":{"upstream_inference_cost":0.5}"#
    #expect(cost(#""cost":0.25,"is_byok":true,\#(bill)"#) == 0.75)
    #expect(cost(#""cost":0,"is_byok":true,\#(bill)"#, .responses) == 0.5)
    #expect(cost(#""is_byok":true,\#(bill)"#, .messages) == 0.5)
    // OpenRouter tells the provider's price of its own keys too; it is in `cost` then.
    #expect(cost(#""cost":0.25,"is_byok":false,\#(bill)"#) == 0.25)
    #expect(cost(#""cost":0.25,"is_byok":true"#) == nil)
    #expect(cost(#""cost":0.25,"is_byok":true,"cost_details":{"upstream_inference_cost":-1}"#) == nil)
  }

  @Test("is found where Moonshot's own API puts it")
  func moonshot() {
    let event =
      #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":19,"#
      + #""completion_tokens":13,"total_tokens":32,"cached_tokens":6}}]}"#
    let result = stream(.chatCompletions, [event, "[DONE]"])
    #expect(result.usage == TokenUsage(input: 19, output: 13, cached: 6))
    #expect(result.finishReason == "stop")
  }

  @Test("of a messages stream grows by its parts, the later count of each kind holding")
  func anthropicParts() {
    let result = stream(
      .messages,
      [
        #"{"type":"message_start","message":{"usage":{"input_tokens":0,"output_tokens":1}}}"#,
        #"{"type":"message_delta","delta":{},"usage":{"output_tokens":3}}"#,
        #"{"type":"message_delta","delta":{},"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":5}}"#,
      ])
    #expect(result.usage == TokenUsage(input: 13, output: 5, cached: 4))
  }
}
