import Testing
import WeirWire

@testable import WeirPolicy

@Suite("What models want done to bodies")
struct BodyRulesTests {
  @Test("is nothing for the built-in models, and no member is looked for")
  func builtIn() {
    let rules = BodyRules(BuiltInModels.all)
    #expect(rules.memberNames == .none)
    #expect(rules.rules(for: ModelCatalog.builtIn.resolve("kimi-k2")) == nil)
    #expect(rules.rules(for: nil) == nil)
  }

  @Test("is found by every name of the model, and not for names that the catalog does not have")
  func lookUp() {
    let catalog = ModelCatalog(
      kimiModelID: "",
      additions: [
        CatalogModel(id: "Acme/Big", aliases: ["big", "acme-*"], spellings: ["b"], parameterRules: [.init(.drop("x"))])
      ])
    let rules = BodyRules(catalog.models)
    for name in ["Acme/Big", "acme/big", "big", "acme-7", "b", "big:free"] {
      #expect(rules.rules(for: catalog.resolve(name))?.parameters == [ParameterRule(.drop("x"))])
    }
    for name in ["acme/small", "kimi-k2"] { #expect(rules.rules(for: catalog.resolve(name)) == nil) }
  }

  @Test("names each member that a rule looks at, once")
  func names() throws {
    let rules = BodyRules([
      CatalogModel(
        id: "a",
        parameterRules: [
          .init(.fill("f", json: "1")), .init(.rename("from", to: "to")), .init(.scale("s", by: 2)),
          .init(.clamp("c", lowest: 0, highest: nil)), .init(.drop("d")),
        ]),
      CatalogModel(id: "b", parameterRules: [.init(.drop("f"))], systemPromptAddition: "Be brief."),
    ])
    #expect(
      rules.memberNames
        == MemberNames([
          "temperature", "max_tokens", "max_completion_tokens", "max_output_tokens", "f", "from", "to", "s", "c", "d",
          "instructions", "system",
        ]))
  }

  @Test("has the system prompt's addition as JSON; an empty one is none")
  func addition() {
    let catalog = ModelCatalog(
      kimiModelID: "",
      additions: [
        CatalogModel(id: "a", systemPromptAddition: "Say \"yes\".\n"), CatalogModel(id: "b", systemPromptAddition: ""),
      ])
    let rules = BodyRules(catalog.models)
    #expect(rules.rules(for: catalog.resolve("a"))?.systemPromptAddition == #""Say \"yes\".\n""#)
    #expect(rules.rules(for: catalog.resolve("b")) == nil)
  }
}
