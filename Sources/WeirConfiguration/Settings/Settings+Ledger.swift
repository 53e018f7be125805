extension Settings {
  static let ledger = Setting(
    "WEIR_LEDGER", yaml: "ledger", .pathOrOff, default: "weir.db", reloadable: false,
    "SQLite file of the usage ledger; `off` keeps none")

  static let keeping = [ledger.entry]
}
