extension Settings {
  static let retries = Setting(
    "WEIR_RETRIES", yaml: "retries", .integer(in: 0...maximumRetries).withOff(meaning: 0), default: 2,
    "Extra attempts on the same upstream and model")

  /// More would only prolong an outage for the client.
  static let maximumRetries = 10

  static let circuitBreaker = Setting(
    "WEIR_CIRCUIT_BREAKER", yaml: "circuit_breaker", .boolean, default: true,
    "`false` asks every upstream however often it failed, and whatever pause it asked for; goes before "
      + "`resilience.circuit.enabled`")

  static let resilience = [retries.entry, circuitBreaker.entry]
}
