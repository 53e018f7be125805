import Testing
import WeirConfiguration
import WeirPolicy

@Suite("Limits and budgets")
struct LimitsSectionTests {
  @Test("are none where nobody asks for any")
  func none() throws {
    #expect(try Sources().load().limitPolicy == LimitPolicy.none)
  }

  @Test("of the variables are kept for each client")
  func variables() throws {
    let configuration = try Sources.environment([
      "WEIR_RATE_LIMIT_RPM": "60", "WEIR_RATE_LIMIT_TPM": "100000", "WEIR_BUDGET_USD_DAY": "2.50",
    ]).load()
    let each = LimitScope(per: [.client])
    #expect(
      configuration.limitPolicy
        == LimitPolicy(
          rates: [
            LimitRule(name: "rpm", unit: .requests, perMinute: 60, scope: each),
            LimitRule(name: "tpm", unit: .tokens, perMinute: 100_000, scope: each),
          ], budgets: [BudgetRule(name: "usd_day", period: .day, owner: .eachClient([]), usd: 2.5)]))
    #expect(configuration.row("WEIR_BUDGET_USD_DAY")?.text == "2.50")
  }

  @Test("are switched off by off, and refuse zero")
  func off() throws {
    let names = ["WEIR_RATE_LIMIT_RPM", "WEIR_RATE_LIMIT_TPM", "WEIR_BUDGET_USD_DAY"]
    let configuration = try Sources(environment: Dictionary(uniqueKeysWithValues: names.map { ($0, "OFF") })).load()
    #expect(configuration.limitPolicy == .none)
    #expect(names.map { configuration.row($0)?.text } == ["off", "off", "off"])
    for name in names { #expect(Sources.environment([name: "0"]).problems.map(\.key) == [name]) }
  }

  @Test("say everything that rules can be, with what clients say in short after them")
  func everything() throws {
    let desk = LimitScope(per: [.client], clients: ["desk"], isClientsOwn: true)
    let policy = try SectionExample.sources.load().limitPolicy
    #expect(
      policy
        == LimitPolicy(
          rates: [
            LimitRule(
              name: "chat", unit: .requests, perMinute: 60, burst: 10,
              scope: LimitScope(per: [.client, .user], models: [ModelPattern("openai/*")])),
            LimitRule(
              name: "rate_2", unit: .tokens, perMinute: 100_000, scope: LimitScope(per: [], clients: ["app"])),
            LimitRule(name: "rpm", unit: .requests, perMinute: 30, scope: desk),
            LimitRule(name: "tpm", unit: .tokens, perMinute: 40_000, scope: desk),
          ],
          concurrency: [
            ConcurrencyRule(name: "slots", maximum: 8, scope: LimitScope(per: [.model])),
            ConcurrencyRule(name: "concurrency", maximum: 3, scope: desk),
          ],
          budgets: [
            BudgetRule(name: "app", period: .day, owner: .eachClient(["app"]), usd: 2.5),
            BudgetRule(name: "budget_2", period: .month, owner: .everyone, tokens: 1_000_000, isHard: false),
            BudgetRule(name: "usd_day", period: .day, owner: .eachClient(["desk"]), usd: 1.5),
            BudgetRule(name: "usd_month", period: .month, owner: .eachClient(["desk"]), usd: 20),
          ], maximumKeys: 5000, outputCap: 2048))
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("limits: {rates: {a: 1}}", "limits.rates", "a group of keys stands where a list belongs"),
      ("limits: {rates: [x]}", "limits.rates[1]", "a single value stands where keys belong"),
      ("limits: {rates: [{name: a}]}", "limits.rates[a]", "neither requests_per_minute nor tokens_per_minute"),
      (
        "limits: {rates: [{requests_per_minute: 1, tokens_per_minute: 1}]}", "limits.rates[1]",
        "both requests_per_minute and tokens_per_minute"
      ),
      ("limits: {rates: [{requests_per_minute: 0}]}", "limits.rates[1].requests_per_minute", "out of range"),
      ("limits: {rates: [{requests_per_minute: 1, burst: 0}]}", "limits.rates[1].burst", "out of range"),
      ("limits: {rates: [{requests_per_minute: 1, per: team}]}", "limits.rates[1].per", "is not one of"),
      ("limits: {rates: [{requests_per_minute: 1, clients: []}]}", "limits.rates[1].clients", "the list is empty"),
      ("limits: {rates: [{requests_per_minute: 1, models: []}]}", "limits.rates[1].models", "the list is empty"),
      ("limits: {rates: [{requests_per_minute: 1, model: a}]}", "limits.rates[1].model", "there is no such key"),
      ("limits: {concurrency: [{name: a}]}", "limits.concurrency[a]", "maximum is missing"),
      ("limits: {concurrency: [{maximum: x}]}", "limits.concurrency[1].maximum", "not a whole number"),
      ("limits: {max_keys: 0}", "limits.max_keys", "out of range"),
      ("limits: {output_cap: [1]}", "limits.output_cap", "the value is a list"),
      ("limits: {rate: []}", "limits.rate", "there is no such key"),
      ("limits.rates: []", "limits.rates", "there is no such key"),
      ("budgets: [{period: day}]", "budgets[1]", "the budget bounds nothing"),
      ("budgets: [{usd: 1}]", "budgets[1]", "period is missing"),
      ("budgets: [{usd: 1, period: week}]", "budgets[1].period", "is not one of day, month"),
      ("budgets: [{usd: 0, period: day}]", "budgets[1].usd", "0 is not above zero"),
      ("budgets: [{tokens: 1.5, period: day}]", "budgets[1].tokens", "not a whole number"),
      ("budgets: [{usd: 1, period: day, hard: maybe}]", "budgets[1].hard", "neither true nor false"),
      (
        "budgets: [{usd: 1, period: day, clients: [anonymous], total: true}]", "budgets[1].clients",
        "a total counts all clients"
      ),
    ])
  func wrong(text: String, key: String, what: String) {
    let problems = Sources.yaml("# c\n\(text)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.severity == .error)
    #expect(problems.first?.what.contains(what) == true)
    #expect(problems.first?.fix.isEmpty == false)
  }

  @Test("have names of their own, whatever their kind and source")
  func names() {
    var sources = Sources.yaml(
      """
      limits:
        rates:
          - {name: rpm, requests_per_minute: 5}
          - {name: a, tokens_per_minute: 5}
        concurrency:
          - {name: a, maximum: 5}
      budgets:
        - {name: a, period: day, usd: 1}
      """)
    #expect(sources.problems.map(\.key) == ["limits.concurrency[a]", "budgets[a]"])
    sources.environment = ["WEIR_RATE_LIMIT_RPM": "5"]
    #expect(sources.problems.map(\.line) == [3, 6, 8])
    #expect(sources.problems.first?.what == "another rule is named rpm (environment WEIR_RATE_LIMIT_RPM)")
  }

  @Test("about clients and models that are not there are dead rules")
  func dead() {
    func dead(_ rule: String, _ environment: [String: String] = [:]) -> [String] {
      let text = "limits: {concurrency: [{name: r, maximum: 1, \(rule)}]}"
      let sources = Sources(environment: environment, files: ["w": text], config: "w")
      return sources.problems.filter(\.isDeadRule).map { "\($0.what); \($0.fix)" }
    }
    let keys = ["WEIR_CLIENT_KEYS": "app:a,web:b", "OPENROUTER_API_KEY": "k"]
    #expect(dead("clients: [app, web]", keys) == [])
    #expect(dead("clients: [ap]", keys) == ["there is no client ap; did you mean app?"])
    #expect(dead("clients: [anonymous]", keys).count == 1)
    #expect(dead("clients: [anonymous]") == [])
    #expect(
      dead("clients: [app]")
        == ["there is no client app; add it to clients or WEIR_CLIENT_KEYS; without keys, every client is anonymous"])
    #expect(dead("models: ['openai/*', gpt-4, MOONSHOTAI/kimi-k2, 'openai/gpt-4o:free']") == [])
    #expect(dead("models: [openai/gpt-5]").first?.hasPrefix("openai/gpt-5 fits no model of the catalog") == true)
    #expect(
      dead("models: [kimi-k2]")
        == ["kimi-k2 goes upstream under another name; name that: moonshotai/kimi-k2"])
  }

  @Test("are bounded in number")
  func bounds() {
    let many = (0...100).map { "{name: r\($0), maximum: 1}" }.joined(separator: ",")
    #expect(Sources.yaml("limits: {concurrency: [\(many)]}").problems.map(\.what) == ["there are 101 rules"])
  }
}
