import WeirPolicy
import WeirWire

/// What the status page keeps of a request that is over: figures and names, never content.
struct FinishedRequest: Sendable {
  /// What came of it.
  enum Outcome: Sendable {
    /// The client has its answer.
    case succeeded
    /// A 4xx: the request was not as it should be, or over a limit.
    case refused
    /// A 5xx, a reply that broke off, or an error inside a reply.
    case failed
    /// The client did not wait for the end.
    case left
  }

  var requestID: String
  /// As metrics label it, so that the names are bounded.
  var model: String
  var upstream: String?
  /// The status that the client was sent; 0 when it was sent none.
  var status: Int
  /// The label `error_type` of `weir_errors_total`; nil without an error.
  var error: String?
  var outcome: Outcome
  /// From the head to the end.
  var nanoseconds: Int64
  /// From the body to the first content of a stream; nil without one.
  var firstContentNanoseconds: Int64?
  var inputTokens = 0
  var outputTokens = 0
  /// US dollars; nil where nobody knows.
  var cost: Double?
  /// What the baseline model would have cost, in US dollars; nil where nobody knows.
  var baselineCost: Double?
  var cache = CacheResult.bypass
}

extension FinishedRequest {
  /// From a settled exchange. `model` is the label that metrics have for it; `firstContentAt` is a time of the
  /// exchange's clock.
  init(_ exchange: Exchange, model: String, firstContentAt: Int64?) {
    let status = exchange.status ?? 0
    let error = exchange.errorType
    self.init(
      requestID: exchange.requestID, model: model, upstream: exchange.upstream, status: status, error: error,
      outcome: Self.outcome(status: status, ending: exchange.ending, error: error), nanoseconds: exchange.totalTime)
    if exchange.isStream, let firstContentAt {
      firstContentNanoseconds = max(0, firstContentAt - (exchange.admittedAt ?? exchange.receivedAt))
    }
    inputTokens = exchange.metered?.input ?? 0
    outputTokens = exchange.metered?.output ?? 0
    cost = exchange.cost?.usd
    baselineCost = exchange.cost?.baselineUSD
    cache = exchange.cacheResult
  }

  static func outcome(status: Int, ending: Ending?, error: String?) -> Outcome {
    switch ending {
    case .broken: .failed
    case .clientLeft: .left
    case .complete, nil:
      if error == nil, status < 400 { .succeeded } else if (400..<500).contains(status) { .refused } else { .failed }
    }
  }
}

extension Exchange {
  /// The label `error_type`: the code of weir's own error, `upstream_STATUS`, or `upstream_error_in_reply` for one that
  /// came under a status of success. Nil without an error.
  var errorType: String? {
    if let refusal { return refusal.code.rawValue }
    if let status, status >= 400 { return "upstream_\(status)" }
    return errorInReply
  }

  /// The label of an error that came in a reply whose status tells none; nil otherwise.
  var errorInReply: String? {
    guard refusal == nil, status ?? 0 < 400, reading?.error != nil else { return nil }
    return "upstream_error_in_reply"
  }
}
