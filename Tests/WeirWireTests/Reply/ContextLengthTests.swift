import Testing
import WeirWire

@Suite("A request too long for the model")
struct ContextLengthTests {
  @Test(
    "is told by the words of each upstream, whatever their case",
    arguments: [
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
      "This endpoint's maximum context length is 131072 tokens.",
      "Your input exceeds the context window of this model. Please adjust your input and try again.",
      "prompt is too long: 210000 tokens > 200000 maximum",
      "input length and `max_tokens` exceed context limit: 198000 + 20000 > 200000",
      "the request exceeds the available context size. try increasing the context size or enable context shift",
      "Invalid request: Your request exceeded model token limit: 131072",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      "MAXIMUM CONTEXT LENGTH",
    ])
  func messages(text: String) {
    #expect(ContextLength.isMeant(code: nil, message: text))
  }

  @Test(
    "is told by a code",
    arguments: ["context_length_exceeded", "exceed_context_size_error", "Context_Length_Exceeded"])
  func codes(code: String) {
    #expect(ContextLength.isMeant(code: code, message: ""))
  }

  @Test(
    "is not any other error",
    arguments: ["", "Rate limit reached for requests", "Invalid value for max_tokens", "image too large", "context"])
  func others(text: String) {
    #expect(!ContextLength.isMeant(code: "invalid_request_error", message: text))
    #expect(!ContextLength.isMeant(code: nil, message: text))
  }

  @Test("is read from the error replies of all APIs, plain or enclosed by OpenRouter")
  func replies() {
    let message = "This model's maximum context length is 8192 tokens."
    for endpoint in [Endpoint.chatCompletions, .completions, .responses, .messages, .embeddings] {
      let error = plain(endpoint, #"{"error":{"code":400,"message":"\#(message)"}}"#).error
      #expect(error?.isContextLength == true && error?.code == "400")
    }
    let enclosed =
      #"{"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"{\"m\":\"\#(message)\"}"}}}"#
    #expect(plain(.chatCompletions, enclosed).error?.isContextLength == true)
    #expect(plain(.chatCompletions, #"{"object":"error","message":"\#(message)"}"#).error?.isContextLength == true)
    #expect(plain(.chatCompletions, #"{"error":"\#(message)"}"#).error?.isContextLength == true)
    #expect(plain(.responses, #"{"error":{"code":"context_length_exceeded"}}"#).error?.isContextLength == true)
    let typed = #"{"error":{"code":400,"type":"exceed_context_size_error","message":"m"}}"#
    #expect(plain(.chatCompletions, typed).error?.isContextLength == true)
    let tooLong = #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#
    #expect(plain(.messages, tooLong).error?.isContextLength == true)
    let event = #"{"error":{"code":400,"message":"\#(message)"}}"#
    #expect(stream(.chatCompletions, [event]).error?.isContextLength == true)
  }

  @Test("is not read from another error, a message of another kind, or one that is too large to look at")
  func otherReplies() {
    #expect(plain(.chatCompletions, #"{"error":{"code":400,"message":"bad"}}"#).error?.isContextLength == false)
    #expect(plain(.chatCompletions, #"{"error":{"message":["context length"]}}"#).error?.isContextLength == false)
    let large = String(repeating: "x", count: 20_000) + "context length"
    #expect(plain(.chatCompletions, #"{"error":{"message":"\#(large)"}}"#).error?.isContextLength == false)
  }
}
