import WeirPolicy

import WeirPolicy

/// Sums over requests: of a second, a minute, a day or a model. Values of upstreams are bounded before they are added,
/// so that no reply makes a sum overflow.
struct StatusTotals: Sendable {
  private(set) var requests = 0
  private(set) var failed = 0
  private(set) var refused = 0
  private(set) var left = 0
  /// Requests that the cache could have answered, and those it did.
  private(set) var cacheLookups = 0
  private(set) var cacheHits = 0
  private(set) var inputTokens = 0
  private(set) var outputTokens = 0
  /// US dollars, where known.
  private(set) var cost = 0.0
  /// What the baseline would have cost, of the requests whose own cost is known too; and the difference.
  private(set) var baselineCost = 0.0
  private(set) var saved = 0.0
  private(set) var duration = LatencyCounts()
  private(set) var firstContent = LatencyCounts()

  private static let mostTokens = 1_000_000_000
  private static let mostDollars = 1_000_000.0

  mutating func add(_ request: FinishedRequest) {
    requests.addSaturating(1)
    switch request.outcome {
    case .succeeded: break
    case .refused: refused.addSaturating(1)
    case .failed: failed.addSaturating(1)
    case .left: left.addSaturating(1)
    }
    switch request.cache {
    case .hit, .coalesced:
      cacheLookups.addSaturating(1)
      cacheHits.addSaturating(1)
    case .miss: cacheLookups.addSaturating(1)
    case .bypass: break
    }
    inputTokens.addSaturating(Self.bounded(request.inputTokens))
    outputTokens.addSaturating(Self.bounded(request.outputTokens))
    let own = Self.bounded(request.cost)
    cost += own ?? 0
    if let own, let baseline = Self.bounded(request.baselineCost) {
      baselineCost += baseline
      saved += baseline - own
    }
    // Of a request that its client gave up, the time says when the client lost patience.
    if request.outcome != .left { duration.add(nanoseconds: request.nanoseconds) }
    if let nanoseconds = request.firstContentNanoseconds { firstContent.add(nanoseconds: nanoseconds) }
  }

  mutating func add(_ other: StatusTotals) {
    requests.addSaturating(other.requests)
    failed.addSaturating(other.failed)
    refused.addSaturating(other.refused)
    left.addSaturating(other.left)
    cacheLookups.addSaturating(other.cacheLookups)
    cacheHits.addSaturating(other.cacheHits)
    inputTokens.addSaturating(other.inputTokens)
    outputTokens.addSaturating(other.outputTokens)
    cost += other.cost
    baselineCost += other.baselineCost
    saved += other.saved
    duration.add(other.duration)
    firstContent.add(other.firstContent)
  }

  private static func bounded(_ tokens: Int) -> Int { min(max(tokens, 0), mostTokens) }

  private static func bounded(_ dollars: Double?) -> Double? {
    guard let dollars, dollars.isFinite, dollars >= 0 else { return nil }
    return min(dollars, mostDollars)
  }
}

extension Int {
  fileprivate mutating func addSaturating(_ other: Int) {
    let (sum, isOver) = addingReportingOverflow(other)
    self = isOver ? .max : sum
  }
}
