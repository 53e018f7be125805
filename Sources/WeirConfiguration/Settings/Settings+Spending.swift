extension Settings {
  static let rateLimitRequests = Setting(
    "WEIR_RATE_LIMIT_RPM", yaml: "rate_limit.rpm", ValueType<Int>.integer(in: 1...1_000_000_000).orOff, default: nil,
    "Requests a minute and client: the limit `rpm`")
  static let rateLimitTokens = Setting(
    "WEIR_RATE_LIMIT_TPM", yaml: "rate_limit.tpm", ValueType<Int>.integer(in: 1...1_000_000_000_000).orOff,
    default: nil,
    "Tokens a minute and client: the limit `tpm`")
  static let budget = Setting(
    "WEIR_BUDGET_USD_DAY", yaml: "budget.usd_day", ValueType<SpelledNumber>.amount(upTo: 1e9).orOff, default: nil,
    "US dollars that each client may spend in a UTC day: the hard budget `usd_day`")
  static let budgetStateFile = Setting(
    "WEIR_BUDGET_STATE_FILE", yaml: "budget.state_file", .pathOrOff, default: "weir.budgets.json", reloadable: false,
    "Where the spending of budgets is kept for the next start; without a path of its own, beside the configuration "
      + "file; `off` keeps it in memory only")

  static let spending = [
    rateLimitRequests.entry, rateLimitTokens.entry, budget.entry, budgetStateFile.entry,
  ]
}
