import WeirPolicy

/// What a `retry` group says; what it leaves out is another's to say.
struct RetrySection {
  var retries: Located<Int>?
  var firstDelay: Duration?
  var longestDelay: Duration?
  let key: String
  let line: Int

  /// The retries of `base`, with what this group says in their place.
  func over(_ base: ResiliencePolicy.Retry) -> ResiliencePolicy.Retry {
    var retry = base
    retry.retries = retries?.value ?? base.retries
    retry.firstDelay = firstDelay?.nanoseconds ?? base.firstDelay
    retry.longestDelay = longestDelay?.nanoseconds ?? base.longestDelay
    return retry
  }
}

extension SectionReader {
  mutating func retry(_ field: SectionField?, in group: SectionGroup) -> RetrySection? {
    guard let field else { return nil }
    let fields = fields(of: field, in: group)
    return RetrySection(
      retries: located(fields["retries"]) { text throws(ValueProblem) in
        try ValueParsers.integer(text, in: 0...Settings.maximumRetries)
      }, firstDelay: seconds(fields["first_delay"]), longestDelay: seconds(fields["longest_delay"]),
      key: field.key, line: field.line)
  }
}
