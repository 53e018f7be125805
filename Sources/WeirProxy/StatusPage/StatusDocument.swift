import WeirWire

/// The JSON of `/status`: what runs, and all that the status page shows. Keys are only ever added.
struct StatusDocument {
  let version: String
  let uptimeSeconds: Double
  /// The URL of the default upstream, which holds no credentials.
  let upstream: String
  let kimiModel: String
  let inFlight: Int
  let connections: Int
  let bufferedBytes: Int
  let isDraining: Bool
  /// Whether a change must carry `WEIR_ADMIN_TOKEN`.
  let needsToken: Bool
  /// What `/health` says, as JSON.
  let health: [UInt8]
  /// The list of `/rollouts`, as JSON.
  let rollouts: [UInt8]
  /// The most series that `/metrics` can have.
  let seriesBound: Int
  let reading: StatusReading
  /// The newest first.
  var anomalies: [AnomalyDesk.Raised] = []

  var json: [UInt8] {
    var line = JSONLine(capacity: 16_384)
    line.add("version", version)
    line.add("uptime_seconds", json: Self.number(uptimeSeconds))
    line.add("upstream", upstream)
    line.add("kimi_model", kimiModel)
    line.add("in_flight", inFlight)
    line.add("connections", connections)
    line.add("buffered_bytes", bufferedBytes)
    line.add("draining", isDraining)
    line.add("time", Int(reading.second))
    line.add("needs_token", needsToken)
    line.add("health", json: health)
    line.add("rollouts", json: rollouts)
    line.add("series_bound", seriesBound)
    line.add("requests_per_second", json: Self.number(Double(reading.lastTenSeconds.requests) / 10))
    line.add("last_minute", json: Self.totals(reading.lastMinute))
    line.add("last_10_minutes", json: Self.totals(reading.lastTenMinutes))
    line.add("today", json: Self.totals(reading.today))
    var series = JSONLine(capacity: 8192)
    series.add("10m", json: Self.series(reading.live))
    series.add("24h", json: Self.series(reading.day))
    line.add("series", json: series.finish())
    line.add("models", json: Self.list(reading.models) { Self.model($0) })
    line.add("errors", json: Self.list(reading.errors) { Self.error($0) })
    line.add("anomalies", json: Self.list(anomalies) { Self.anomaly($0) })
    return line.finish()
  }

  private static func anomaly(_ raised: AnomalyDesk.Raised) -> [UInt8] {
    var line = JSONLine()
    line.add("time", Int(raised.second))
    raised.anomaly.add(to: &line)
    return line.finish()
  }

  private static func model(_ model: StatusToday.Model) -> [UInt8] {
    var line = JSONLine()
    line.add("name", String(model.name.prefix(maximumName)))
    line.add("last_used", Int(model.lastUsed))
    line.add("totals", json: totals(model.totals))
    return line.finish()
  }

  private static func error(_ entry: RecentErrors.Entry) -> [UInt8] {
    var line = JSONLine()
    line.add("time", Int(entry.second))
    line.add("code", entry.code)
    line.add("status", entry.status)
    line.add("model", String(entry.model.prefix(maximumName)))
    line.add("upstream", json: entry.upstream.map { JSONText.quotedBytes($0) } ?? null)
    line.add("request_id", entry.requestID)
    return line.finish()
  }

  private static func totals(_ totals: StatusTotals) -> [UInt8] {
    var line = JSONLine()
    line.add("requests", totals.requests)
    line.add("failed", totals.failed)
    line.add("refused", totals.refused)
    line.add("left", totals.left)
    line.add("cache_lookups", totals.cacheLookups)
    line.add("cache_hits", totals.cacheHits)
    line.add("input_tokens", totals.inputTokens)
    line.add("output_tokens", totals.outputTokens)
    line.add("cost_usd", json: number(totals.cost, digits: 1_000_000))
    line.add("baseline_cost_usd", json: number(totals.baselineCost, digits: 1_000_000))
    line.add("saved_usd", json: number(totals.saved, digits: 1_000_000))
    line.add("p50_ms", json: number(totals.duration.milliseconds(quantile: 0.5)))
    line.add("p95_ms", json: number(totals.duration.milliseconds(quantile: 0.95)))
    line.add("first_token_p50_ms", json: number(totals.firstContent.milliseconds(quantile: 0.5)))
    line.add("first_token_p95_ms", json: number(totals.firstContent.milliseconds(quantile: 0.95)))
    return line.finish()
  }

  private static func series(_ series: StatusReading.Series) -> [UInt8] {
    var line = JSONLine(capacity: 4096)
    line.add("step_seconds", Int(series.stepSeconds))
    line.add("end", Int(series.end))
    line.add("requests_per_second", json: list(series.perSecond { Double($0.requests) }) { number($0) })
    let errors = series.perSecond { Double($0.failed) + Double($0.refused) }
    line.add("errors_per_second", json: list(errors) { number($0) })
    line.add("p50_ms", json: list(series.groups) { number($0.duration.milliseconds(quantile: 0.5)) })
    line.add("p95_ms", json: list(series.groups) { number($0.duration.milliseconds(quantile: 0.95)) })
    line.add(
      "first_token_p50_ms", json: list(series.groups) { number($0.firstContent.milliseconds(quantile: 0.5)) })
    line.add("cost_usd", json: list(series.groups) { number($0.cost, digits: 1_000_000) })
    line.add("saved_usd", json: list(series.groups) { number($0.saved, digits: 1_000_000) })
    return line.finish()
  }

  private static let maximumName = 200
  private static let null = Array("null".utf8)

  private static func list<Element>(_ elements: [Element], _ json: (Element) -> [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += json(element)
    }
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }

  /// Rounded to a digit that somebody may care for; null when there is none.
  private static func number(_ value: Double?, digits: Double = 1000) -> [UInt8] {
    guard let value, value.isFinite else { return null }
    return Array("\((value * digits).rounded() / digits)".utf8)
  }
}
