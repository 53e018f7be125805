import Testing
import WeirConfiguration

@Suite("Settings of features that this version lacks")
struct AvailabilityTests {
  @Test(
    "are refused where weir would pretend to enforce something",
    arguments: [
      "WEIR_RATE_LIMIT_RPM", "WEIR_RATE_LIMIT_TPM", "WEIR_BUDGET_USD_DAY", "WEIR_REDIS_URL",
      "MOONSHOT_API_KEY",
    ])
  func refused(name: String) {
    let problems = Sources.environment([name: "10"]).problems
    #expect(problems.map(\.severity) == [.error])
    #expect(problems.first?.what == "not available in this version")
    #expect(Sources.environment([name: "off"]).problems.isEmpty)
    #expect(Sources.environment([name: ""]).problems.isEmpty)
  }

  @Test("are refused in files too, with their line")
  func refusedInFiles() {
    #expect(Sources.yaml("rate_limit:\n  rpm: 5").problems.map(\.line) == [2])
    #expect(Sources.envFile("\nMOONSHOT_API_KEY=k").problems.map(\.line) == [2])
  }

  @Test(
    "are checked and warned of where nothing is enforced",
    arguments: [
      ("WEIR_CACHE_TTL", "300"), ("WEIR_CACHE_MAX_BYTES", "1MiB"), ("WEIR_LEDGER", "weir.db"),
      ("WEIR_RETRIES", "2"),
    ])
  func accepted(name: String, value: String) throws {
    let set = Sources.environment([name: value])
    #expect(set.problems.map(\.severity) == [.warning])
    #expect(set.problems.first?.what == "without effect in this version")
    let row = try #require(try set.load().row(name))
    #expect(row.text == "off")
    #expect(!row.isAvailable)
    #expect(Sources.environment([name: "off"]).problems.isEmpty)
  }

  @Test("say nothing when they are zero or not set, and are still checked")
  func zero() {
    for name in ["WEIR_CACHE_TTL", "WEIR_CACHE_MAX_BYTES", "WEIR_RETRIES"] {
      #expect(Sources.environment([name: "0"]).problems.isEmpty)
      #expect(Sources.environment([name: "many"]).problems.map(\.severity) == [.error])
    }
  }
}
