import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("A request for models")
struct ModelRequestTests {
  private func asked(_ path: String, method: String = "GET") throws -> ModelRequest? {
    ModelRequest(try RequestTarget.read(method: method, target: path))
  }

  @Test("is for the list under both prefixes", arguments: ["/v1/models", "/api/v1/models"])
  func list(path: String) throws {
    #expect(try asked(path) == .list)
  }

  @Test(
    "is for one model, its name decoded once",
    arguments: [
      ("/v1/models/kimi-k2", "kimi-k2"), ("/v1/models/moonshotai/kimi-k2", "moonshotai/kimi-k2"),
      ("/v1/models/moonshotai%2Fkimi-k2", "moonshotai/kimi-k2"), ("/v1/models/a%2fb%3afree", "a/b:free"),
      ("/v1/models/a%252Fb", "a%2Fb"), ("/v1/models/caf%C3%A9", "café"), ("/v1/models/counts", "counts"),
      ("/v1/models/endpoints", "endpoints"),
    ])
  func one(path: String, id: String) throws {
    #expect(try asked(path) == .one(id))
  }

  @Test(
    "is for the upstream's own list",
    arguments: ["/v1/models/", "/v1/models?limit=1", "/v1/models?", "/v1/models/?a"])
  func page(path: String) throws {
    #expect(try asked(path) == .page)
  }

  @Test(
    "is the upstream's alone where weir has nothing to say",
    arguments: [
      "/v1/models/kimi-k2?a", "/v1/models/count",
      "/v1/models/a/b/endpoints", "/v1/models/a%2Fb/endpoints", "/v1/modelsx", "/v1/chat/completions", "/v1",
    ])
  func others(path: String) throws {
    #expect(try asked(path) == nil)
  }

  @Test("reads, and nothing else", arguments: ["HEAD", "POST", "DELETE", "OPTIONS"])
  func methods(method: String) throws {
    #expect(try asked("/v1/models", method: method) == nil)
    #expect(try asked("/v1/models/kimi-k2", method: method) == nil)
  }
}
