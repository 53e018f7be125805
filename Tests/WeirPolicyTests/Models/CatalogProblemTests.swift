import Testing
import WeirPolicy

@Suite("What contradicts itself in added models")
struct CatalogProblemTests {
  private func problems(_ additions: [CatalogModel], kimi: String = "moonshotai/kimi-k2") -> [CatalogProblem] {
    ModelCatalog.problems(kimiModelID: kimi, additions: additions)
  }

  @Test("is nothing in a catalog that adds and overrides")
  func fine() {
    let additions = [
      CatalogModel(id: "acme/a", aliases: ["a", "A", "acme/a"], spellings: ["b"]),
      CatalogModel(id: "openai/gpt-4", aliases: ["gpt-4"]),
      CatalogModel(id: "moonshotai/kimi-k2", aliases: ["kimi-k2"]),
    ]
    #expect(problems(additions) == [])
    #expect(problems([], kimi: "kimi-k2") == [])
  }

  @Test("is two models that claim one name, or an id")
  func collisions() {
    #expect(
      problems([CatalogModel(id: "x/a", aliases: ["n"]), CatalogModel(id: "x/b", aliases: ["N"])])
        == [.collision(name: "n", models: ["x/a", "x/b"])])
    #expect(
      problems([CatalogModel(id: "x/a"), CatalogModel(id: "x/b", aliases: ["X/A"])])
        == [.collision(name: "x/a", models: ["x/a", "x/b"])])
    #expect(
      problems([CatalogModel(id: "x/a", aliases: ["Kimi-K2"])])
        == [.collision(name: "kimi-k2", models: ["moonshotai/kimi-k2", "x/a"])])
  }

  @Test("is a circle of aliases, told once")
  func cycle() {
    let found = problems([
      CatalogModel(id: "a", aliases: ["b"]), CatalogModel(id: "b", aliases: ["c"]),
      CatalogModel(id: "c", aliases: ["a"]), CatalogModel(id: "d", aliases: ["e"]),
    ])
    #expect(found == [.cycle(["a", "c", "b", "a"])])
    #expect(found.first?.description.contains("a -> c -> b -> a") == true)
  }

  @Test("is all of it at once")
  func all() {
    let found = problems([
      CatalogModel(id: ""), CatalogModel(id: "a"), CatalogModel(id: "A"),
      CatalogModel(id: "b", aliases: ["", "*"]),
    ])
    #expect(found.contains(.emptyID))
    #expect(found.contains(.duplicateID("A")))
    #expect(found.count { $0 == .emptyName(model: "b") } == 2)
  }

  @Test("does not stop the catalog from being built")
  func builds() {
    let catalog = ModelCatalog(
      kimiModelID: "moonshotai/kimi-k2",
      additions: [CatalogModel(id: "a", aliases: ["b", "", "*"]), CatalogModel(id: "b", aliases: ["a"])])
    #expect(catalog.resolve("a").upstreamID == "a")
    #expect(catalog.resolve("b").upstreamID == "b")
  }
}
