import Testing
import WeirPolicy

@Suite("Which models clients may ask for")
struct ModelAccessTests {
  private let catalog = ModelCatalog.builtIn

  private func decide(_ asked: String, allow: [String] = [], deny: [String] = []) -> ModelAccess.Decision {
    ModelAccess(allow: allow.map { ModelPattern($0) }, deny: deny.map { ModelPattern($0) })
      .decide(asked, model: catalog.resolve(asked), catalog: catalog)
  }

  @Test("all of them without patterns")
  func open() {
    #expect(decide("anything") == .allowed)
  }

  @Test(
    "those that a pattern names, under each of their names",
    arguments: ["kimi-k2", "moonshotai/kimi-k2", "Kimi-K2:free"])
  func allowed(asked: String) {
    #expect(decide(asked, allow: ["moonshotai/*"]) == .allowed)
    #expect(decide(asked, allow: ["moonshotai/kimi-k2"]) == .allowed)
  }

  @Test(
    "not a denied one, under any of its names",
    arguments: ["gpt-4", "openai/gpt-4", "GPT-4:nitro", "openai/gpt-4:free"])
  func denied(asked: String) {
    let rule = ModelPattern("openai/gpt-4")
    guard case .refused(rule, let near) = decide(asked, allow: ["*"], deny: ["openai/gpt-4"]) else {
      Issue.record("\(asked) was allowed")
      return
    }
    #expect(!near.contains("gpt-4"))
  }

  @Test("not one that no pattern names; near names are allowed ones")
  func unlisted() {
    #expect(decide("gpt-4", allow: ["kimi*"]) == .refused(rule: nil, nearNames: []))
    #expect(
      decide("kmi-k2", allow: ["*kimi-k2"])
        == .refused(rule: nil, nearNames: ["kimi-k2", "moonshotai/kimi-k2"]))
  }

  @Test("a suffix alone, where a pattern names it")
  func suffix() {
    #expect(decide("kimi-k2:free", allow: ["*:free"]) == .allowed)
    #expect(decide("kimi-k2", allow: ["*:free"]) != .allowed)
    #expect(decide("moonshotai/kimi-k2:online", deny: ["*:online"]) != .allowed)
  }

  @Test("and lists them")
  func list() {
    let access = ModelAccess(allow: [ModelPattern("openai/*")], deny: [ModelPattern("*gpt-4*")])
    #expect(access.allowed(in: catalog).map(\.id) == ["openai/gpt-3.5-turbo", "openai/o3", "openai/o4-mini"])
  }

  @Test("patterns that fit no model are dead")
  func dead() {
    let patterns = ["openai/*", "gpt5", "zzz*", "kimi-k2:free", "*"].map { ModelPattern($0) }
    let access = ModelAccess(allow: patterns, deny: [ModelPattern("clod*")])
    #expect(access.deadPatterns(in: catalog).map(\.description) == ["gpt5", "zzz*", "clod*"])
  }
}
