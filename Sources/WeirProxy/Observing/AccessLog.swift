import WeirConfiguration
import WeirPolicy
import WeirWire

/// The one line that every exchange leaves in the log. It holds no header value, key, prompt or reply.
enum AccessLog {
  /// Sizes that only the connection knows.
  struct Sizes {
    var received = 0
    var sent = 0
  }

  /// Writes the line of an exchange.
  ///
  /// - Parameters:
  ///   - wall: when it ended.
  ///   - line: room for it, used again for each.
  static func write(
    _ exchange: Exchange, sizes: Sizes, format: LogFormat, wall: WallTime, in line: inout JSONLine, to sink: LogSink
  ) {
    switch format {
    case .json:
      line.begin()
      fill(&line, exchange, sizes: sizes, wall: wall)
      unsafe line.finish { unsafe sink.write($0) }
    case .text: sink.write(text(exchange, sizes: sizes, wall: wall))
    }
  }

  private static func fill(_ line: inout JSONLine, _ exchange: Exchange, sizes: Sizes, wall: WallTime) {
    line.addTime(wall)
    line.add("level", "info")
    line.add("message", "access")
    line.add("request_id", exchange.requestID)
    if let trace = exchange.trace { line.add("trace_id", trace) }
    line.add("client", exchange.client)
    line.add("method", exchange.method)
    line.add("endpoint", exchange.endpoint.rawValue)
    if let target = exchange.target { line.add("path", target.rest) }
    if let asked = exchange.askedModel { line.add("model", asked) }
    if let model = exchange.sentModel ?? exchange.model?.upstreamID { line.add("upstream_model", model) }
    if let upstream = exchange.upstream { line.add("upstream", upstream) }
    if let assignment = exchange.assignment { line.add("rollout", assignment.headerValue) }
    if let from = exchange.fallbackFrom { line.add("fallback_from", from) }
    line.add("status", exchange.status ?? 0)
    line.add("attempts", exchange.attempts)
    line.add("cache", exchange.cacheResult.rawValue)
    line.add("stream", exchange.isStream)
    line.add("request_bytes", sizes.received)
    line.add("response_bytes", sizes.sent)
    if let metered = exchange.metered {
      if let input = metered.input { line.add("input_tokens", input) }
      if let output = metered.output { line.add("output_tokens", output) }
      if metered.state != .reported { line.add("usage", metered.state.rawValue) }
    }
    if let usd = exchange.cost?.usd { line.add("cost_usd", json: "\(usd)".utf8) }
    if let finish = exchange.reading?.finishReason { line.add("finish_reason", finish) }
    line.add("overhead_ms", nanoseconds: exchange.ownTime)
    if let upstreamTime = exchange.upstreamTime { line.add("upstream_ms", nanoseconds: upstreamTime) }
    line.add("duration_ms", nanoseconds: exchange.totalTime)
    line.add("ending", exchange.endingName)
    if let refusal = exchange.refusal {
      line.add("error", refusal.code.rawValue)
      line.add("reason", refusal.logged)
    } else if let error = exchange.errorInReply {
      line.add("error", error)
    }
  }

  private static func text(_ exchange: Exchange, sizes: Sizes, wall: WallTime) -> [UInt8] {
    var line: [UInt8] = []
    WallClock.appendTimestamp(wall, to: &line)
    let path = exchange.target?.rest ?? "-"
    let model = exchange.sentModel ?? exchange.model?.upstreamID ?? "-"
    let error =
      exchange.refusal.map { " \($0.code.rawValue): \($0.logged)" } ?? exchange.errorInReply.map { " " + $0 } ?? ""
    var times: [UInt8] = []
    Digits.append(milliseconds: exchange.totalTime, to: &times)
    let rest =
      " access \(exchange.client) \(exchange.method) \(path) \(model) status=\(exchange.status ?? 0) "
      + "\(String(decoding: times, as: UTF8.self))ms in=\(sizes.received) out=\(sizes.sent) "
      + "\(exchange.endingName) \(exchange.requestID)\(error)"
    line.append(contentsOf: rest.utf8.map { $0 < 0x20 ? UInt8(ascii: "?") : $0 })
    return line
  }
}

extension Exchange {
  /// Nanoseconds that weir spent before the request left or followed another, or until it answered itself.
  var ownTime: Int64 { (followedAt ?? firstSentAt ?? repliedAt ?? endedAt ?? receivedAt) - (admittedAt ?? receivedAt) }

  /// Nanoseconds between sending upstream, the first time, and the end of the reply.
  var upstreamTime: Int64? {
    guard let firstSentAt, let endedAt else { return nil }
    return endedAt - firstSentAt
  }

  /// Nanoseconds between the head and the end.
  var totalTime: Int64 { (endedAt ?? receivedAt) - receivedAt }

  var endingName: String {
    switch ending {
    case .complete: "complete"
    case .broken: "broken"
    case .clientLeft(let phase): "client_left_\(phase.rawValue)"
    case nil: "open"
    }
  }
}
