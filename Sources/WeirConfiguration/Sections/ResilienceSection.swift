import WeirPolicy

/// `resilience` as the file says it.
struct ResilienceSection {
  /// The defaults, with what the file says in their place; `retry` is apart.
  var policy = ResiliencePolicy()
  var retry: RetrySection?
  /// Where each key that the file has stands, by its path.
  var lines: [String: Int] = [:]
}

extension SectionReader {
  mutating func resilience(_ field: SectionField?) -> ResilienceSection {
    var section = ResilienceSection()
    guard let field else { return section }
    let fields = fields(of: field, in: .resilience)
    section.retry = retry(fields["retry"], in: .resilienceRetry)
    section.policy.retryShare = share(fields["retry_share"]) ?? section.policy.retryShare
    section.policy.retryWindow = seconds(fields["retry_window"])?.nanoseconds ?? section.policy.retryWindow
    section.policy.retryFloor =
      value(fields["retry_floor"]) { text throws(ValueProblem) in
        try ValueParsers.integer(text, in: 0...1_000_000)
      } ?? section.policy.retryFloor
    if let circuit = fields["circuit"] { self.circuit(circuit, into: &section) }
    for field in fields.values { section.lines[field.key] = field.line }
    return section
  }

  private mutating func circuit(_ field: SectionField, into section: inout ResilienceSection) {
    let fields = fields(of: field, in: .circuit)
    var circuit = section.policy.circuit
    circuit.isEnabled = value(fields["enabled"], ValueParsers.boolean) ?? circuit.isEnabled
    circuit.consecutiveFailures = count(fields["consecutive_failures"], upTo: 10_000) ?? circuit.consecutiveFailures
    circuit.minimumRequests = count(fields["minimum_requests"], upTo: 1_000_000) ?? circuit.minimumRequests
    circuit.closingSuccesses = count(fields["closing_successes"], upTo: 10_000) ?? circuit.closingSuccesses
    circuit.failureRate = rate(fields["failure_rate"]) ?? circuit.failureRate
    circuit.window = seconds(fields["window"])?.nanoseconds ?? circuit.window
    circuit.openTime = seconds(fields["open_time"])?.nanoseconds ?? circuit.openTime
    circuit.slowCall = seconds(fields["slow_call"])?.nanoseconds ?? circuit.slowCall
    section.policy.circuit = circuit
    for field in fields.values { section.lines[field.key] = field.line }
  }

  private mutating func share(_ field: SectionField?) -> Double? {
    value(field) { text throws(ValueProblem) in try ValueParsers.jsonNumber(text, maximum: 1).value }
  }

  /// A circuit that opens at a rate of zero would never close.
  private mutating func rate(_ field: SectionField?) -> Double? {
    value(field) { text throws(ValueProblem) in try ValueParsers.amount(text, maximum: 1).value }
  }
}
