import Testing
import WeirConfiguration
import WeirPolicy

@Suite("The rollouts of the YAML file")
struct RolloutsSectionTests {
  @Test("say everything that a rollout can be")
  func everything() throws {
    let configuration = try SectionExample.sources.load()
    let rollout = try #require(configuration.rollouts.entry(named: "swift")?.configured)
    #expect(
      rollout
        == (try Rollout(
          name: "swift", from: ["gpt-4", "o3"],
          variants: [
            RolloutVariant(name: "a", model: "acme/swift-1", share: 1250, room: 5000),
            RolloutVariant(name: "b", model: "kimi-k2", share: 725, isEnabled: false),
          ], pins: ["alice": "a", "user 7": "a", "bob": "incumbent"], allowsOverride: true, isEnabled: false))
    )
    #expect(configuration.allowsVariantOverride)
    #expect(configuration.rollouts.entries.map(\.configured.name) == ["swift"])
  }

  @Test("allow an override where the file or a variable says so")
  func override() throws {
    let one = "{name: r, from: gpt-4, variants: [{name: a, model: o3, percent: 1}]"
    var sources = Sources.yaml("rollouts: [\(one)}]")
    #expect(try !sources.load().allowsVariantOverride)
    sources.environment = ["WEIR_VARIANT_OVERRIDE": "true"]
    #expect(try sources.load().allowsVariantOverride)
    sources.files["weir.yaml"] = "rollouts: [\(one), allow_override: false}]"
    #expect(try !sources.load().allowsVariantOverride)
    #expect(try Sources.environment(["WEIR_VARIANT_OVERRIDE": "on"]).load().allowsVariantOverride)
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("{from: [o3], variants: [{name: a, model: m, percent: 1}]}", "rollouts[1]", "name is missing"),
      ("{name: r, variants: [{name: a, model: m, percent: 1}]}", "rollouts[r]", "from is missing"),
      (
        "{name: r, from: [], variants: [{name: a, model: m, percent: 1}]}", "rollouts[r].from",
        "there is no incumbent"
      ),
      ("{name: r, from: [o3]}", "rollouts[r]", "variants is missing"),
      ("{name: r, from: [o3], variants: []}", "rollouts[r].variants", "there are 0 variants"),
      (
        "{name: r, from: [o3], variants: {a: 1}}", "rollouts[r].variants",
        "a group of keys stands where a list belongs"
      ),
      (
        "{name: r, from: [o3], variants: [{model: m, percent: 1}]}", "rollouts[r].variants[1]",
        "name is missing"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, percent: 1}]}", "rollouts[r].variants[a]",
        "model is missing"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m}]}", "rollouts[r].variants[a]",
        "percent is missing"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 100.01}]}",
        "rollouts[r].variants[a].percent",
        "out of range"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: -1}]}",
        "rollouts[r].variants[a].percent",
        "is not a percentage"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1.234}]}",
        "rollouts[r].variants[a].percent",
        "is not a percentage"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: many}]}",
        "rollouts[r].variants[a].percent",
        "is not a percentage"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 60.01}, {name: b, model: m, percent: 40}]}",
        "rollouts[r].variants", "the variants' percentages add up to 100.01"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1, room: 60}, "
          + "{name: b, model: m, percent: 1, room: 50}]}", "rollouts[r].variants",
        "the variants' rooms add up to 110"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1}, {name: a, model: m, percent: 1}]}",
        "rollouts[r].variants[a]", "a cannot name this variant"
      ),
      (
        "{name: r, from: [o3], variants: [{name: incumbent, model: m, percent: 1}]}",
        "rollouts[r].variants[incumbent]", "incumbent cannot name this variant"
      ),
      (
        "{name: 'r s', from: [o3], variants: [{name: a, model: m, percent: 1}]}", "rollouts[1].name",
        "is not a name"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1}], pins: {c: [u]}}",
        "rollouts[r].pins.c",
        "no variant is named"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1}], pins: {a: [u], incumbent: [u]}}",
        "rollouts[r].pins.incumbent", "is pinned to a too"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1}], pins: {a: ['']}}",
        "rollouts[r].pins.a",
        "the user's id is empty"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1}], enabld: yes}",
        "rollouts[r].enabld",
        "there is no such key"
      ),
      (
        "{name: r, from: [o3], variants: [{name: a, model: m, percent: 1, enabled: maybe}]}",
        "rollouts[r].variants[a].enabled", "neither true nor false"
      ),
    ])
  func wrong(entry: String, key: String, what: String) {
    let errors = Sources.yaml("rollouts:\n  - \(entry)\n").problems.filter { $0.severity == .error }
    #expect(errors.map(\.line) == [2])
    #expect(errors.map(\.key) == [key])
    #expect(errors.first?.what.contains(what) == true)
    #expect(errors.first?.fix.isEmpty == false)
  }

  @Test("have names of their own, and are not more than a label holds")
  func names() {
    let one = "{name: r, from: [o3], variants: [{name: a, model: gpt-4, percent: 1}]}"
    let twice = Sources.yaml("rollouts:\n  - \(one)\n  - \(one)\n").problems
    #expect(twice.map(\.what) == ["there are two rollouts named r"])
    #expect(twice.map(\.line) == [3])
    let many = [String](repeating: one, count: 51).joined(separator: ",")
    #expect(Sources.yaml("rollouts: [\(many)]").problems.map(\.what) == ["there are 51 rollouts"])
    #expect(Sources.yaml("rollouts: {kimi: 5}").problems.map(\.key) == ["rollouts"])
  }

  @Test("that name models which the catalog does not know are warned of, with near names")
  func unknownModels() throws {
    let sources = Sources.yaml(
      """
      rollouts:
        - name: r
          from:
            - gpt-4
            - gtp-4o
            - claude-9*
          variants:
            - name: a
              model: moonshotai/kimi-k2
              percent: 10
            - name: b
              model: acme/unheard-of
              percent: 10
      """)
    let problems = sources.problems
    #expect(problems.map(\.severity) == [.warning, .warning, .warning])
    #expect(problems.map(\.line) == [5, 6, 12])
    #expect(problems.map(\.key) == ["rollouts[r].from", "rollouts[r].from", "rollouts[r].variants[b]"])
    #expect(problems.first?.what == "the catalog has no model gtp-4o")
    #expect(problems.first?.fix.contains("gpt-4o") == true)
    #expect(problems.last?.fix == "describe it in models.catalog, or remove it")
    #expect(problems.allSatisfy { $0.isDeadRule })
    #expect(try sources.load().rollouts.entries.count == 1)
  }

  @Test("that never get a request are warned of")
  func neverReached() {
    let problems = Sources.yaml(
      """
      rollouts:
        - {name: r, from: ["gpt-4*"], variants: [{name: a, model: o3, percent: 1}]}
        - name: s
          from: [o3, gpt-4o]
          variants: [{name: a, model: o4-mini, percent: 1}]
      """
    ).problems
    #expect(problems.map(\.line) == [4])
    #expect(
      problems.map(\.what) == [
        "the rollout s never gets requests for gpt-4o, since the rollout r comes first"
      ])
    #expect(problems.map(\.isDeadRule) == [true])
  }
}
