import Testing
import WeirPolicy

@Suite("The table of rollouts")
struct RolloutTableTests {
  private let catalog = ModelCatalog.builtIn

  private func table(
    percent: Int = 10_000, from: [String] = ["gpt-4", "gpt-4-turbo"], isKimiEnabled: Bool = true
  ) throws -> RolloutTable {
    let kimi = try Rollout.kimi(hundredths: percent, from: from, modelID: catalog.kimiModelID)
    return try RolloutTable([kimi], catalog: catalog, isKimiEnabled: isKimiEnabled)
  }

  private func sent(_ table: RolloutTable, _ asked: String) -> String? {
    table.assign(asked, model: catalog.resolve(asked), user: "alice", random: 0)?.model?.upstreamID
  }

  @Test(
    "moves an incumbent under each of its names, and keeps the suffix",
    arguments: [
      ("gpt-4", "moonshotai/kimi-k2"), ("GPT-4", "moonshotai/kimi-k2"),
      ("openai/gpt-4", "moonshotai/kimi-k2"),
      ("OpenAI/GPT-4-Turbo", "moonshotai/kimi-k2"), ("gpt-4:online", "moonshotai/kimi-k2:online"),
      ("openai/gpt-4:nitro", "moonshotai/kimi-k2:nitro"),
    ])
  func incumbents(asked: String, expected: String) throws {
    #expect(sent(try table(), asked) == expected)
  }

  @Test(
    "has nothing to say about other models",
    arguments: ["gpt-4o", "gpt-4-0613", "kimi-k2", "moonshotai/kimi-k2", "", ":", "/", "gpt-4-turbo-preview"])
  func others(asked: String) throws {
    let model = catalog.resolve(asked)
    #expect(try table().assign(asked, model: model, user: "alice", random: 0) == nil)
    #expect(try table().rollout(for: asked, model: model) == nil)
  }

  @Test("knows incumbents that the catalog does not list, and patterns")
  func unlisted() throws {
    let table = try table(from: ["acme/Llm-1", "gpt-5*"])
    #expect(sent(table, "acme/llm-1") == "moonshotai/kimi-k2")
    #expect(sent(table, "ACME/llm-1:free") == "moonshotai/kimi-k2:free")
    #expect(sent(table, "gpt-5.5-mini") == "moonshotai/kimi-k2")
    #expect(sent(table, "acme/llm-2") == nil)
  }

  @Test("says that the model is a rewrite, and that the incumbent is not")
  func rewrite() throws {
    let moved = try table().assign("gpt-4", model: catalog.resolve("gpt-4"), user: "alice", random: 0)
    #expect(moved?.model?.wasRewritten == true)
    #expect(moved?.model?.isKimi == true)
    let stayed = try table(percent: 0).assign("gpt-4", model: catalog.resolve("gpt-4"), user: "a", random: 0)
    #expect(stayed?.assignment.headerValue == "kimi=incumbent")
    #expect(stayed?.model == nil)
  }

  @Test("serves the incumbent while Kimi is off, and the same users as before when it is on again")
  func killSwitch() throws {
    let on = try table(percent: 5_000)
    let off = on.setting(isKimiEnabled: false)
    let model = catalog.resolve("gpt-4")
    for user in 0..<500 {
      let before = on.assign("gpt-4", model: model, user: "u\(user)", random: 0)
      let during = off.assign("gpt-4", model: model, user: "u\(user)", random: 0)
      let after = off.setting(isKimiEnabled: true).assign("gpt-4", model: model, user: "u\(user)", random: 0)
      #expect(during?.model == nil)
      #expect(after?.assignment == before?.assignment)
    }
  }

  @Test("leaves variants that are not Kimi alone while Kimi is off")
  func otherVariants() throws {
    let rollout = try Rollout(
      name: "mixed", from: ["gpt-4"],
      variants: [
        RolloutVariant(name: "kimi", model: "kimi-k2", share: 5_000),
        RolloutVariant(name: "opus", model: "anthropic/claude-3-opus", share: 5_000),
      ])
    let table = try RolloutTable([rollout], catalog: catalog, isKimiEnabled: false)
    let variants = Set(
      (0..<200).compactMap {
        table.assign("gpt-4", model: catalog.resolve("gpt-4"), user: "u\($0)", random: 0)?.assignment.variant
      })
    #expect(variants == ["incumbent", "opus"])
  }

  @Test("lets the first rollout that fits decide, and calls the other one dead")
  func order() throws {
    let first = try Rollout(
      name: "first", from: ["gpt-4*"], variants: [RolloutVariant(name: "a", model: "kimi-k2", share: 10_000)])
    let second = try Rollout.kimi(hundredths: 10_000, from: ["gpt-4", "o3"], modelID: "moonshotai/kimi-k2")
    let table = try RolloutTable([first, second], catalog: catalog, isKimiEnabled: true)
    #expect(table.rollout(for: "gpt-4", model: catalog.resolve("gpt-4"))?.name == "first")
    #expect(table.rollout(for: "o3", model: catalog.resolve("o3"))?.name == "kimi")
    #expect(table.deadRules == [.neverReached(rollout: "kimi", from: "gpt-4", takenBy: "first")])
    #expect(throws: RolloutProblem.duplicateRollout("kimi")) {
      try RolloutTable([second, second], catalog: catalog, isKimiEnabled: true)
    }
  }

  @Test("finds names that no model has, with near ones")
  func deadNames() throws {
    let rollout = try Rollout(
      name: "r", from: ["gpt4", "zzz*"],
      variants: [
        RolloutVariant(name: "a", model: "claude-3-opsu", share: 1),
        RolloutVariant(name: "b", model: "kimi-k9", share: 1),
      ])
    let dead = try RolloutTable([rollout], catalog: catalog, isKimiEnabled: true).deadRules
    #expect(dead.count == 3)
    #expect(dead.first?.description.contains("gpt-4") == true)
    #expect(dead.last?.description.contains("claude-3-opus") == true)
    #expect(try table().deadRules.isEmpty)
  }
}
