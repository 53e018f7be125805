import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The model that weir chooses")
struct RouteByTaskTests {
  private let small = CatalogModel(id: "maker/small", contextWindow: 1000, capabilities: [.toolUse])
  private let large = CatalogModel(id: "maker/large", contextWindow: 1_000_000, capabilities: [.toolUse, .longContext])
  private let kimi = CatalogModel(id: "moonshotai/kimi-k2", contextWindow: 500, capabilities: [.toolUse, .agentic])

  private func policy(
    _ candidates: [CatalogModel], isKimiEnabled: Bool = true, byLength: Bool = false, deny: [ModelPattern] = []
  ) -> PolicySnapshot {
    let catalog = ModelCatalog(kimiModelID: "moonshotai/kimi-k2", additions: [small, large])
    return PolicySnapshot(
      clients: ClientDirectory(), models: catalog, access: ModelAccess(deny: deny),
      routes: TaskRoutes(candidates: candidates), routesByLength: byLength,
      killSwitch: KillSwitch(isKimiEnabled: isKimiEnabled, fallbackModel: "maker/small", catalog: catalog))
  }

  private func chosen(
    asked: String = "auto", task: String? = nil, bytes: Int = 100, _ policy: PolicySnapshot
  ) throws -> String? {
    var head = RequestHead(method: "POST", target: "/v1/chat/completions")
    head.weirTask = task
    return try RouteByTask.choose(asked, for: nil, head: head, bodyBytes: bytes, policy: policy)?.upstreamID
  }

  @Test("is the first candidate that can do the task")
  func task() throws {
    let policy = policy([small, large])
    #expect(try chosen(policy) == "maker/small")
    #expect(try chosen(task: "tool_calling", policy) == "maker/small")
    #expect(try chosen(task: "long_context", policy) == "maker/large")
    #expect(try chosen(asked: "AUTO", policy) == "maker/small")
  }

  @Test("has room for the request, at four bytes a token")
  func length() throws {
    let policy = policy([small, large])
    #expect(try chosen(bytes: 4000, policy) == "maker/small")
    #expect(try chosen(bytes: 4004, policy) == "maker/large")
  }

  @Test("is none that is switched off or denied")
  func use() throws {
    #expect(try chosen(policy([kimi, large])) == "moonshotai/kimi-k2")
    #expect(try chosen(policy([kimi, large], isKimiEnabled: false)) == "maker/large")
    #expect(try chosen(policy([small, large], deny: [ModelPattern("maker/small")])) == "maker/large")
  }

  @Test("is refused for a task that nobody knows, and where no candidate is left")
  func refusals() {
    #expect(throws: Refusal.self) { try chosen(task: "juggling", policy([small])) }
    #expect(throws: Refusal.self) { try chosen(bytes: 100_000, policy([small])) }
  }

  @Test("is nothing for a request that names its own")
  func other() throws {
    #expect(try chosen(asked: "maker/small", policy([large])) == nil)
    #expect(
      try RouteByTask.choose(
        nil, for: nil, head: RequestHead(method: "POST", target: "/"), bodyBytes: 1, policy: policy([large]))
        == nil)
  }

  @Test("relieves a model of a request that is too long for it, only where the operator wants that")
  func relief() throws {
    for (byLength, bytes, expected) in [
      (true, 4004, "maker/large"), (true, 4000, "maker/small"), (false, 4004, "maker/small"),
    ] {
      let policy = policy([large], byLength: byLength)
      let exchange = Exchange(requestID: "r", receivedAt: 0, method: "POST")
      exchange.model = policy.models.resolve("maker/small")
      RouteByTask.relieve(exchange, bodyBytes: bytes, policy: policy)
      #expect(exchange.model?.upstreamID == expected)
      #expect(exchange.fallbackFrom == (expected == "maker/large" ? "maker/small" : nil))
      #expect(exchange.fallbackReason == (expected == "maker/large" ? .contextLength : nil))
    }
  }
}
