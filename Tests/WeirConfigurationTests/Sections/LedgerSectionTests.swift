import Testing

@testable import WeirConfiguration

@Suite("The ledger's settings")
struct LedgerSectionTests {
  @Test("keep neither prompts nor replies, and every row")
  func defaults() throws {
    let ledger = Configuration.Ledger(maximumAgeDays: nil, maximumBytes: nil, maximumBodyBytes: nil, redactions: [])
    #expect(try Sources().load().ledger == ledger)
    #expect(try Sources.environment(["WEIR_LEDGER_MAX_BODY_BYTES": "1KiB"]).load().ledger == ledger)
  }

  @Test("say all that the section can say, commas in expressions included")
  func everything() throws {
    let configuration = try Sources.yaml(
      """
      ledger:
        path: /var/lib/weir.db
        bodies: true
        max_body_bytes: 4KiB
        max_age_days: 30
        max_bytes: 1GiB
        redact:
          - 'sk-[a-z]{8,64}'
          - '(?i)secret[a-z]*'
      """
    ).load()
    #expect(configuration.ledgerPath == "/var/lib/weir.db")
    #expect(
      configuration.ledger
        == Configuration.Ledger(
          maximumAgeDays: 30, maximumBytes: 1 << 30, maximumBodyBytes: 4096,
          redactions: ["sk-[a-z]{8,64}", "(?i)secret[a-z]*"]))
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("bodies: perhaps", "ledger.bodies", "neither true nor false"),
      ("max_body_bytes: 2MiB", "ledger.max_body_bytes", "out of range"),
      ("max_age_days: 0", "ledger.max_age_days", "out of range"),
      ("max_bytes: 10", "ledger.max_bytes", "out of range"),
      ("redact: sk-.*", "ledger.redact", "the value is no list"),
      ("redact: ['(']", "ledger.redact[1]", "is no regular expression of RE2"),
      ("redact: [ok, '(?=x)']", "ledger.redact[2]", "is no regular expression of RE2"),
      ("redact: ['a*']", "ledger.redact[1]", "fits the empty text"),
      ("body: true", "ledger.body", "there is no such key"),
    ])
  func wrong(entry: String, key: String, what: String) {
    let problems = Sources.yaml("ledger:\n  \(entry)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.what.contains(what) == true)
  }

  @Test("tell who wrote a path where the section begins")
  func scalar() {
    let problems = Sources.yaml("ledger: weir.db\n").problems
    #expect(problems.map(\.what) == ["a value stands where keys belong"])
    #expect(problems.first?.fix.contains("path") == true)
  }
}
