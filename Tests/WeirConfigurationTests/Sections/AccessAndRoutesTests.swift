import Testing
import WeirConfiguration
import WeirPolicy

@Suite("Access and routes of the YAML file")
struct AccessAndRoutesTests {
  @Test("allow and deny models by pattern")
  func access() throws {
    let configuration = try SectionExample.sources.load()
    func decide(_ name: String) -> ModelAccess.Decision {
      configuration.access.decide(
        name, model: configuration.catalog.resolve(name), catalog: configuration.catalog)
    }
    #expect(decide("gpt-4-turbo") == .allowed)
    #expect(decide("swift") == .allowed)
    #expect(decide("gpt-4-turbo-preview") != .allowed)
    #expect(decide("o3") != .allowed)
    #expect(try Sources().load().access.allow.isEmpty)
  }

  @Test("refuse an allow list that allows nothing: it would turn into one that allows all")
  func emptyAllow() {
    for text in ["models:\n  allow:\n", "models:\n  allow: []\n"] {
      let problems = Sources.yaml(text).problems
      #expect(problems.map(\.severity) == [.error])
      #expect(problems.map(\.line) == [2])
      #expect(problems.map(\.key) == ["models.allow"])
    }
  }

  @Test("warn of patterns that fit nothing, and of what both lists name")
  func deadPatterns() {
    let dead = Sources.yaml("models:\n  allow: [gpt-4]\n  deny:\n    - gpt-5*\n    - o3\n").problems
    #expect(dead.map(\.severity) == [.warning])
    #expect(dead.map(\.line) == [4])
    #expect(dead.map(\.what) == ["gpt-5* fits no model of the catalog"])
    #expect(dead.map(\.isDeadRule) == [true])
    let both = Sources.yaml("models:\n  allow: [gpt-4o, o3]\n  deny: ['openai/gpt*']\n").problems
    #expect(both.map(\.what) == ["all that gpt-4o allows is denied"])
    #expect(both.map(\.isDeadRule) == [true])
  }

  @Test("pick for the model auto among the named candidates, by the file's tasks and the built-in ones")
  func routes() throws {
    let configuration = try SectionExample.sources.load()
    let routes = try #require(configuration.routes)
    #expect(routes.candidates.map(\.id) == ["acme/swift-1", "moonshotai/kimi-k2"])
    #expect(routes.tasks["refactor"] == [.coding, .toolUse])
    #expect(routes.tasks["long_context"] == [.longContext])
    #expect(configuration.routesByLength)
  }

  @Test("pick Kimi first among all models where the file says nothing, and leave long requests alone")
  func defaultRoutes() throws {
    let configuration = try Sources.environment(["KIMI_MODEL_ID": "moonshotai/kimi-k2-0905"]).load()
    let routes = try #require(configuration.routes)
    #expect(routes.candidates.first?.id == "moonshotai/kimi-k2-0905")
    #expect(Set(routes.candidates.map(\.id)) == Set(BuiltInModels.all.map(\.id)))
    #expect(routes.candidates.count == BuiltInModels.all.count)
    #expect(!configuration.routesByLength)
  }

  @Test("can be switched off")
  func off() throws {
    let configuration = try Sources.yaml("models: {routes: {enabled: false, by_length: true}}").load()
    #expect(configuration.routes == nil)
    #expect(!configuration.routesByLength)
  }

  @Test("warn of candidates that are not there and of tasks that none can do")
  func deadRoutes() {
    let problems = Sources.yaml(
      """
      models:
        routes:
          candidates: [gpt-4, gtp-4o]
          tasks:
            drive: [agentic]
            think: [reasoning]
      """
    ).problems
    #expect(problems.map(\.line) == [3, 5])
    #expect(problems.map(\.severity) == [.warning, .warning])
    #expect(problems.allSatisfy { $0.isDeadRule })
    #expect(problems.first?.fix.contains("gpt-4o") == true)
    #expect(problems.last?.key == "models.routes.tasks.drive")
  }

  @Test(
    "refuse what cannot be read",
    arguments: [
      ("models: {routes: {candidates: []}}", "models.routes.candidates"),
      ("models: {routes: {candidates: [nobody-knows-it]}}", "models.routes.candidates"),
      ("models: {routes: {tasks: {a: [fly]}}}", "models.routes.tasks.a"),
      ("models: {routes: {tasks: {'a b': [coding]}}}", "models.routes.tasks.a b"),
      ("models: {routes: [a]}", "models.routes"), ("models: [a]", "models"), ("models: a", "models"),
      ("models: {allow: {a: b}}", "models.allow"), ("models: {deny: [[a]]}", "models.deny"),
    ])
  func wrong(text: String, key: String) {
    let errors = Sources.yaml(text).problems.filter { $0.severity == .error }
    #expect(errors.map(\.key) == [key])
    #expect(errors.map(\.line) == [1])
  }
}
