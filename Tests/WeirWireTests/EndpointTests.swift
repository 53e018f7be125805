import Testing
import WeirWire

@Suite("Endpoint")
struct EndpointTests {
  @Test(
    "is told from method and path",
    arguments: [
      ("POST", "/chat/completions", Endpoint.chatCompletions),
      ("POST", "/chat/completions/", .chatCompletions),
      ("POST", "/completions", .completions), ("POST", "/responses", .responses),
      ("POST", "/messages", .messages), ("POST", "/embeddings", .embeddings), ("GET", "/models", .models),
      ("GET", "/models/", .models), ("GET", "/models/moonshotai/kimi-k2/endpoints", .models),
      ("GET", "/chat/completions", .other), ("POST", "/models", .other), ("GET", "/modelsx", .other),
      ("POST", "/chat/completions//", .other), ("POST", "/responses/resp_1/cancel", .other),
      ("POST", "/Messages", .other), ("DELETE", "/models/x", .other), ("POST", "", .other),
      ("GET", "/", .other),
    ])
  func told(method: String, path: String, expected: Endpoint) {
    #expect(Endpoint(method: method, path: path) == expected)
    #expect(Endpoint(method: method, path: path[...]) == expected)
  }

  @Test("only the five JSON APIs have their body read")
  func readsBody() {
    #expect(Endpoint.allCases.filter { !$0.readsBody } == [.models, .feedback, .other])
    #expect(Endpoint.allCases.filter { $0.usesAnthropicErrors } == [.messages])
  }
}
