import WeirWire

extension ClientTraffic {
  /// What a request adds.
  public mutating func add(_ exchange: Exchange) {
    let usage = exchange.reading?.usage
    add(
      tokens: usage.map { $0.input.addingReportingOverflow($0.output).partialValue }, cost: exchange.cost?.usd,
      isError: exchange.refusal != nil || (exchange.status ?? 0) >= 400)
  }
}
