extension Settings {
  static let ledger = Setting(
    "WEIR_LEDGER", yaml: "ledger.path", .pathOrOff, default: "weir.db", reloadable: false,
    "SQLite file of the usage ledger; `off` keeps none")
  static let ledgerMaxAge = Setting(
    "WEIR_LEDGER_MAX_AGE_DAYS", yaml: "ledger.max_age_days", ValueType<Int>.integer(in: 1...36_500).orOff, default: nil,
    reloadable: false, "Rows of the ledger older than these days go")
  static let ledgerMaxBytes = Setting(
    "WEIR_LEDGER_MAX_BYTES", yaml: "ledger.max_bytes", ValueType<Int>.bytes(in: 1_048_576...(1 << 50)).orOff,
    default: nil, reloadable: false, "The ledger's oldest rows go once its file holds more")
  static let ledgerBodies = Setting(
    "WEIR_LEDGER_BODIES", yaml: "ledger.bodies", .boolean, default: false, reloadable: false,
    "`true` also keeps prompts and replies in the ledger, without what `ledger.redact` takes out")
  static let ledgerMaxBodyBytes = Setting(
    "WEIR_LEDGER_MAX_BODY_BYTES", yaml: "ledger.max_body_bytes", .bytes(in: 1...1_048_576), default: 65_536,
    reloadable: false, "How much of a prompt, and how much of a reply, the ledger keeps")

  static let keeping = [
    ledger.entry, ledgerMaxAge.entry, ledgerMaxBytes.entry, ledgerBodies.entry, ledgerMaxBodyBytes.entry,
  ]
}
