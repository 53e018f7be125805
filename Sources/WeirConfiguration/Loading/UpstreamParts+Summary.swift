extension UpstreamParts {
  /// The line of `weir check` for an upstream; values of headers and keys are redacted, since any may be a secret.
  static func summary(
    _ upstream: Configuration.NamedUpstream, _ entry: UpstreamEntry?, defaults: Configuration.Timeouts
  ) -> String {
    var parts = [upstream.url.description]
    if let key = upstream.apiKey { parts.append("key \(key)") }
    if upstream.passesClientKey, upstream.apiKey == nil { parts.append("passes the client's key") }
    if !upstream.headers.isEmpty {
      parts.append("headers " + upstream.headers.map { "\($0.name)=\($0.value)" }.joined(separator: ","))
    }
    if let models = entry?.models, !models.isEmpty {
      parts.append("models " + models.map { "\($0.value.model)=\($0.value.name)" }.joined(separator: ","))
    }
    if upstream.needsUsageAsked { parts.append("asks for the usage of streams") }
    let times = upstream.timeouts
    for (name, time, usual) in [
      ("connect", times.connect, defaults.connect), ("first byte", times.firstByte, defaults.firstByte),
      ("idle", times.idle, defaults.idle), ("total", times.total, defaults.total),
    ] where time != usual { parts.append("\(name) \(time.secondsText) s") }
    if let retry = entry?.retry { parts.append(retry.summary) }
    return parts.joined(separator: "; ")
  }
}

extension RetrySection {
  /// What it says, for `weir check`.
  var summary: String {
    let said = [
      retries.map { $0.value == 1 ? "1 retry" : "\($0.value) retries" },
      firstDelay.map { "first delay \($0.secondsText) s" },
      longestDelay.map { "longest delay \($0.secondsText) s" },
    ]
    let text = said.compactMap { $0 }.joined(separator: ", ")
    return text.isEmpty ? "retries as elsewhere" : text
  }
}
