import Testing
import WeirConfiguration
import WeirPolicy

@Suite("The rollout kimi")
struct KimiRolloutTests {
  private let yaml = """
    rollouts:
      - name: other
        from: [o3]
        variants: [{name: a, model: gpt-4o, percent: 1}]
      - name: kimi
        from: [gpt-4]
        variants:
          - {name: k2, model: kimi-k2, percent: 20}
          - {name: k2-0905, model: kimi-k2-0905, percent: 10}
        pins: {k2: [alice]}

    """

  private func names(_ configuration: Configuration) -> [String] {
    configuration.rollouts.entries.map(\.configured.name)
  }

  @Test("is there without any file, at 0 percent, so that it can be flipped")
  func nothing() throws {
    let rollouts = try Sources().load().rollouts
    let kimi = try #require(rollouts.entry(named: "kimi")).configured
    #expect(
      kimi
        == (try Rollout.kimi(
          hundredths: 0, from: ["gpt-4", "gpt-4-turbo", "gpt-4-turbo-preview", "gpt-3.5-turbo"],
          modelID: "moonshotai/kimi-k2")))
    #expect(rollouts.entries.count == 1)
    #expect(rollouts.isKimiEnabled)
  }

  @Test("is what the variables say")
  func variables() throws {
    let configuration = try Sources.environment([
      "KIMI_ROLLOUT_PERCENTAGE": "12.34", "KIMI_ROLLOUT_FROM": "o3,gpt-4o", "FEATURE_KIMI_ENABLED": "false",
      "KIMI_MODEL_ID": "moonshotai/kimi-k2:free",
    ]).load()
    let kimi = try #require(configuration.rollouts.entry(named: "kimi")).configured
    #expect(
      kimi
        == (try Rollout.kimi(hundredths: 1234, from: ["o3", "gpt-4o"], modelID: "moonshotai/kimi-k2:free")))
    #expect(!configuration.rollouts.isKimiEnabled)
    #expect(configuration.sections.last?.name == "rollouts[kimi]")
    #expect(configuration.sections.last?.origin == .environment(name: "KIMI_ROLLOUT_PERCENTAGE"))
  }

  @Test("is left out where a file has rollouts and nobody named a Kimi setting")
  func left() throws {
    let one = "rollouts: [{name: r, from: [gpt-4], variants: [{name: a, model: o3, percent: 1}]}]\n"
    var sources = Sources.yaml(one)
    #expect(names(try sources.load()) == ["r"])
    #expect(sources.problems.isEmpty)
    sources.environment = ["KIMI_ROLLOUT_PERCENTAGE": "0"]
    #expect(names(try sources.load()) == ["r", "kimi"])
    #expect(sources.problems.isEmpty)
    sources.environment = ["KIMI_ROLLOUT_PERCENTAGE": "5"]
    #expect(names(try sources.load()) == ["kimi", "r"])
    #expect(
      sources.problems.map(\.what) == [
        "the rollout r never gets requests for gpt-4, since the rollout kimi comes first"
      ])
  }

  @Test("of a file takes the variables' place, and the report says so")
  func ofFile() throws {
    let configuration = try Sources.yaml(yaml).load()
    #expect(configuration.warnings.isEmpty)
    #expect(names(configuration) == ["other", "kimi"])
    #expect(configuration.rollouts.entry(named: "kimi")?.configured.shares == ["k2": 2000, "k2-0905": 1000])
    #expect(configuration.row("KIMI_ROLLOUT_PERCENTAGE")?.text == "30")
    #expect(configuration.row("KIMI_ROLLOUT_PERCENTAGE")?.origin == .file(path: "weir.yaml", line: 5))
    #expect(configuration.row("KIMI_ROLLOUT_FROM")?.text == "gpt-4")
  }

  @Test("of a file gives way to the environment value by value, with a warning", arguments: [true, false])
  func outranked(inEnvFile: Bool) throws {
    var sources = Sources.yaml(yaml)
    if inEnvFile {
      sources.files[".env"] = "KIMI_ROLLOUT_PERCENTAGE=60"
    } else {
      sources.environment = ["KIMI_ROLLOUT_PERCENTAGE": "60"]
    }
    let configuration = try sources.load()
    let kimi = try #require(configuration.rollouts.entry(named: "kimi")).configured
    #expect(kimi.shares == ["k2": 4000, "k2-0905": 2000])
    #expect(kimi.from == ["gpt-4"])
    #expect(kimi.pins == ["alice": "k2"])
    #expect(configuration.warnings.map(\.line) == [5])
    #expect(configuration.warnings.map(\.key) == ["rollouts[kimi]"])
    #expect(configuration.warnings.first?.what.contains("KIMI_ROLLOUT_PERCENTAGE") == true)
    #expect(configuration.row("KIMI_ROLLOUT_PERCENTAGE")?.text == "60")
  }

  @Test("of a file takes its incumbents from the environment too, and problems say where they stand")
  func incumbents() throws {
    var sources = Sources.yaml(yaml)
    sources.environment = ["KIMI_ROLLOUT_FROM": "gpt-4o,o3,nobody-knows-it"]
    #expect(
      try sources.load().rollouts.entry(named: "kimi")?.configured.from == [
        "gpt-4o", "o3", "nobody-knows-it",
      ])
    let problems = sources.problems
    #expect(problems.map(\.source) == ["environment", "environment", "weir.yaml"])
    #expect(problems.map(\.key) == ["KIMI_ROLLOUT_FROM", "KIMI_ROLLOUT_FROM", "rollouts[kimi]"])
  }

  @Test("may be described once in a file, not twice")
  func twice() {
    let problems = Sources.yaml(yaml + "kimi: {rollout_percentage: 5}\n").problems
    #expect(problems.map(\.severity) == [.error])
    #expect(problems.map(\.line) == [11])
    #expect(problems.map(\.key) == ["kimi.rollout_percentage"])
  }
}

@Suite("The fallback of Kimi models")
struct FallbackTests {
  @Test(
    "must not be Kimi while Kimi is off, under any of its names",
    arguments: ["kimi-k2", "moonshotai/kimi-k2.6:nitro", "MoonshotAI/Kimi-K2", "someone/kimi-k9"])
  func off(name: String) {
    let off = Sources.environment(["FEATURE_KIMI_ENABLED": "false", "KIMI_FALLBACK_MODEL": name]).problems
    #expect(off.map(\.severity) == [.error])
    #expect(off.map(\.key) == ["KIMI_FALLBACK_MODEL"])
    let on = Sources.environment(["KIMI_FALLBACK_MODEL": name]).problems
    #expect(on.map(\.severity) == [.warning])
    #expect(on.first?.what.contains("FEATURE_KIMI_ENABLED=false would not be accepted") == true)
  }

  @Test("may be any other model, those that the catalog does not know with a warning")
  func others() {
    #expect(
      Sources.environment(["KIMI_FALLBACK_MODEL": "o3", "FEATURE_KIMI_ENABLED": "no"]).problems.isEmpty)
    let unknown = Sources.environment(["KIMI_FALLBACK_MODEL": "gtp-4o"]).problems
    #expect(unknown.map(\.severity) == [.warning])
    #expect(unknown.first?.fix.contains("gpt-4o") == true)
    let isKimi = Sources(
      environment: ["FEATURE_KIMI_ENABLED": "false", "KIMI_FALLBACK_MODEL": "mine"],
      files: ["c.yaml": "models: {catalog: [{id: a/b, aliases: [mine], kimi: true}]}"], config: "c.yaml")
    #expect(isKimi.problems.map(\.severity) == [.error])
  }
}

@Suite("The state file's place")
struct StateFileTests {
  @Test("is beside the file that configures weir, unless a path is given")
  func path() throws {
    #expect(try Sources().load().rolloutStateFile == "weir-state.json")
    var sources = Sources(files: ["/etc/weir/weir.yaml": "", "conf/x.env": ""], envFile: "conf/x.env")
    #expect(try sources.load().rolloutStateFile == "conf/weir-state.json")
    sources.config = "/etc/weir/weir.yaml"
    #expect(try sources.load().rolloutStateFile == "/etc/weir/weir-state.json")
    #expect(try sources.load().row("WEIR_STATE_FILE")?.text == "/etc/weir/weir-state.json")
    sources.environment = ["WEIR_STATE_FILE": "s.json"]
    #expect(try sources.load().rolloutStateFile == "s.json")
    sources.environment = ["WEIR_STATE_FILE": "OFF"]
    #expect(try sources.load().rolloutStateFile == nil)
    #expect(try sources.load().row("WEIR_STATE_FILE")?.text == "off")
  }
}
