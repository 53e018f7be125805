import Testing
import WeirConfiguration

@Suite("The files that keep spending and usage")
struct KeptFilesTests {
  @Test("lie beside the configuration, at their own path, or nowhere")
  func paths() throws {
    #expect(try Sources().load().budgetStateFile == "weir.budgets.json")
    #expect(try Sources().load().ledgerPath == "weir.db")
    let sources = Sources(files: ["/etc/weir/w.yaml": "budget: {usd_day: 1}"], config: "/etc/weir/w.yaml")
    #expect(try sources.load().budgetStateFile == "/etc/weir/weir.budgets.json")
    let own = try Sources.environment(["WEIR_BUDGET_STATE_FILE": "/b", "WEIR_LEDGER": "/l"]).load()
    #expect([own.budgetStateFile, own.ledgerPath] == ["/b", "/l"])
    let off = try Sources.environment(["WEIR_BUDGET_STATE_FILE": "off", "WEIR_LEDGER": "OFF"]).load()
    #expect([off.budgetStateFile, off.ledgerPath] == [nil, nil])
    #expect(own.settingsAwaitingRestart(since: off) == ["WEIR_BUDGET_STATE_FILE", "WEIR_LEDGER"])
  }

  @Test("are never the same file")
  func same() {
    let problems = Sources.environment(["WEIR_STATE_FILE": "x", "WEIR_BUDGET_STATE_FILE": "x"]).problems
    #expect(problems.map(\.key) == ["WEIR_BUDGET_STATE_FILE"])
    #expect(problems.map(\.what) == ["WEIR_STATE_FILE names the same file"])
    #expect(Sources.environment(["WEIR_STATE_FILE": "off", "WEIR_BUDGET_STATE_FILE": "off"]).problems.isEmpty)
  }
}
