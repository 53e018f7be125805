import Testing
import WeirPolicy

@Suite("Picking a model by task")
struct TaskRoutesTests {
  private let routes = TaskRoutes(candidates: ModelCatalog.builtIn.models)

  private func id(_ choice: TaskRoutes.Choice) -> String? {
    if case .model(let model) = choice { model.id } else { nil }
  }

  @Test("takes Kimi for the seeds' tasks", arguments: TaskRoutes.builtInTasks.keys.sorted())
  func kimi(task: String) {
    #expect(id(routes.choose(task: task, tokens: 10) { _ in true }) == "moonshotai/kimi-k2")
  }

  @Test("takes the next that can while one may not be used")
  func next() {
    #expect(
      id(routes.choose(task: "autonomous_task", tokens: 10) { !$0.isKimi }) == "anthropic/claude-sonnet-4")
    #expect(routes.choose(task: "tool_calling", tokens: 10) { _ in false } == .none)
  }

  @Test("takes one with room for the request")
  func length() {
    #expect(id(routes.choose(task: nil, tokens: 131_072) { _ in true }) == "moonshotai/kimi-k2")
    #expect(id(routes.choose(task: nil, tokens: 131_073) { _ in true }) == "moonshotai/kimi-k2-0905")
    #expect(routes.choose(task: nil, tokens: .max) { _ in true } == .none)
  }

  @Test("names the tasks it knows when asked for another")
  func unknown() {
    let known = ["autonomous_task", "long_context", "multi_step_workflow", "tool_calling"]
    #expect(routes.choose(task: "paint", tokens: 1) { _ in true } == .unknownTask(known: known))
  }

  @Test("takes tasks of the file, and finds those that no model can do")
  func file() {
    let models = [
      CatalogModel(id: "a", capabilities: [.coding]), CatalogModel(id: "b", capabilities: [.agentic]),
    ]
    let routes = TaskRoutes(candidates: models, tasks: ["code": [.coding], "tool_calling": []])
    #expect(id(routes.choose(task: "code", tokens: .max) { _ in true }) == "a")
    #expect(routes.deadTasks == ["long_context", "multi_step_workflow"])
  }

  @Test("relieves a model that is too small, and only that")
  func relief() throws {
    let small = try #require(ModelCatalog.builtIn.model(id: "openai/gpt-4-turbo"))
    #expect(routes.relief(for: small, tokens: 128_000) { _ in true } == nil)
    #expect(routes.relief(for: small, tokens: 128_001) { _ in true }?.id == "moonshotai/kimi-k2")
    #expect(routes.relief(for: small, tokens: 128_001) { !$0.isKimi }?.id == "openai/o3")
    #expect(routes.relief(for: small, tokens: 10_000_000) { _ in true } == nil)
  }
}
