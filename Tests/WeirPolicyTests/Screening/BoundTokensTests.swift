import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Bounds on tokens")
struct BoundTokensTests {
  private let chat = #"{"model":"openai/gpt-4-turbo","max_tokens":900,"messages":[]}"#

  @Test("refuse too much input, naming both numbers")
  func input() throws {
    let json = #"{"model":"m","messages":[{"role":"user","content":"\#(String(repeating: "word ", count: 800))"}]}"#
    let refusal = try #require(try Screened(json, tokens: [TokenRule(maximumInput: 900)]).refusal)
    #expect(refusal.code == .tokenLimitExceeded)
    #expect(refusal.status == 400)
    #expect(refusal.what == "the request has about 1014 input tokens, and 900 are allowed")
    #expect(try Screened(json, tokens: [TokenRule(maximumInput: 1014)]).refusal == nil)
  }

  @Test("refuse too much output by default")
  func output() throws {
    let refusal = try #require(try Screened(chat, tokens: [TokenRule(maximumOutput: 500)]).refusal)
    #expect(refusal.code == .tokenLimitExceeded)
    #expect(refusal.param == "max_tokens")
    #expect(refusal.what == "max_tokens is 900, and 500 output tokens are allowed")
    #expect(try Screened(chat, tokens: [TokenRule(maximumOutput: 900)]).refusal == nil)
  }

  @Test(
    "refuse a number that cannot be read for sure",
    arguments: ["1e9", "900.0", "\"900\"", "-1", "99999999999999999999"])
  func spellings(number: String) throws {
    let json = #"{"model":"m","max_tokens":\#(number),"messages":[]}"#
    #expect(try Screened(json, tokens: [TokenRule(maximumOutput: 5000)]).refusal?.code == .tokenLimitExceeded)
    let capped = try Screened(json, tokens: [TokenRule(maximumOutput: 5000, over: .cap)])
    #expect(capped.body == #"{"model":"m","max_tokens":5000,"messages":[]}"#)
  }

  @Test("lower the output where that is wanted, and say so")
  func caps() throws {
    let screened = try Screened(chat, tokens: [TokenRule(maximumOutput: 500, over: .cap)])
    #expect(screened.body == #"{"model":"openai/gpt-4-turbo","max_tokens":500,"messages":[]}"#)
    #expect(screened.exchange.edits == ["max_tokens"])
    #expect(screened.exchange.outputBound == 500)
    #expect(screened.exchange.warnings == ["max_tokens was set to 500, the most that is allowed here"])
    #expect(screened.findings == ["tokens cap max_tokens 1"])
  }

  @Test("lower each of two names by itself")
  func names() throws {
    let json = #"{"model":"m","max_tokens":5,"max_completion_tokens":900,"messages":[]}"#
    let screened = try Screened(json, tokens: [TokenRule(maximumOutput: 500, over: .cap)])
    #expect(screened.body == #"{"model":"m","max_tokens":5,"max_completion_tokens":500,"messages":[]}"#)
  }

  @Test(
    "leave a request without a bound alone, unless told otherwise",
    arguments: [
      ("/v1/chat/completions", "max_tokens"), ("/v1/responses", "max_output_tokens"), ("/v1/messages", "max_tokens"),
    ])
  func absent(path: String, name: String) throws {
    let json = #"{"model":"m"}"#
    #expect(try Screened(json, path: path, tokens: [TokenRule(maximumOutput: 5)]).body == json)
    let filled = try Screened(json, path: path, tokens: [TokenRule(maximumOutput: 5, absent: .cap)])
    #expect(filled.body == #"{"\#(name)":5,"model":"m"}"#)
    #expect(filled.exchange.edits == [name])
  }

  @Test("hold for what weir itself puts in")
  func defaults() throws {
    let json = #"{"model":"moonshotai/kimi-k2","messages":[]}"#
    let screened = try Screened(json, tokens: [TokenRule(maximumOutput: 500)], maxTokens: 8000)
    #expect(screened.body == #"{"max_tokens":500,"model":"moonshotai/kimi-k2","messages":[]}"#)
    #expect(try Screened(json, maxTokens: 8000).body.contains("8000"))
  }

  @Test("apply all together, the strictest of each kind")
  func several() throws {
    let bounds = [TokenRule(maximumOutput: 700, over: .cap), TokenRule(maximumOutput: 950)]
    #expect(try Screened(chat, tokens: bounds).body.contains(#""max_tokens":700"#))
    #expect(try Screened(chat, tokens: bounds + [TokenRule(maximumOutput: 800)]).refusal != nil)
  }

  @Test("of the client hold beside those of the section")
  func ofClient() throws {
    let client = ClientProfile(name: "alice", tokenBounds: TokenBounds(input: 3, output: 500))
    let long = #"{"model":"m","messages":[{"role":"user","content":"a long text"}]}"#
    #expect(try Screened(long, client: client).refusal?.code == .tokenLimitExceeded)
    let outputOnly = ClientProfile(name: "alice", tokenBounds: TokenBounds(output: 500))
    #expect(try Screened(chat, client: outputOnly).refusal?.code == .tokenLimitExceeded)
    #expect(try Screened(chat, tokens: [TokenRule(maximumOutput: 950)], client: outputOnly).refusal != nil)
    #expect(try Screened(long, client: outputOnly).refusal == nil)
  }

  @Test("are nothing to embeddings' output")
  func embeddings() throws {
    let json = #"{"model":"m","input":"x","max_tokens":99}"#
    #expect(try Screened(json, path: "/v1/embeddings", tokens: [TokenRule(maximumOutput: 5)]).body == json)
  }
}
