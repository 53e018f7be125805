import WeirPolicy

@testable import WeirProxy

extension FinishedRequest {
  /// A request that went well in 100 ms, unless said otherwise.
  static func made(
    model: String = "m", status: Int = 200, error: String? = nil, outcome: Outcome = .succeeded,
    milliseconds: Int64 = 100, firstContentMilliseconds: Int64? = nil, tokens: Int = 0, cost: Double? = nil,
    baseline: Double? = nil, cache: CacheResult = .bypass, id: String = "req_1"
  ) -> FinishedRequest {
    FinishedRequest(
      requestID: id, model: model, upstream: "u", status: status, error: error, outcome: outcome,
      nanoseconds: milliseconds * 1_000_000,
      firstContentNanoseconds: firstContentMilliseconds.map { $0 * 1_000_000 }, inputTokens: tokens,
      outputTokens: tokens, cost: cost, baselineCost: baseline, cache: cache)
  }
}
