import WeirMetrics
import WeirPolicy

/// The families of the cache. The counters are kept at hand for the event loops.
final class CacheMetrics: Sendable {
  private let hits, coalesced, misses, bypassed: Counter
  let savedUSD: CounterFamily

  init(_ registry: MetricsRegistry) {
    let requests = registry.counter(
      "weir_cache_requests_total", help: "Requests to the JSON APIs by what the cache had to do with them.",
      labels: ["result"])
    savedUSD = registry.counter(
      "weir_cache_saved_usd_total", help: "What upstreams would have cost for what kept replies answered.",
      labels: ["model"])
    hits = requests.child([CacheResult.hit.rawValue])
    coalesced = requests.child([CacheResult.coalesced.rawValue])
    misses = requests.child([CacheResult.miss.rawValue])
    bypassed = requests.child([CacheResult.bypass.rawValue])
  }

  func record(_ result: CacheResult) {
    switch result {
    case .hit: hits.increment()
    case .coalesced: coalesced.increment()
    case .miss: misses.increment()
    case .bypass: bypassed.increment()
    }
  }

  /// What is read when somebody scrapes.
  static func observe(_ state: ProxyState) {
    let registry = state.metrics.registry
    registry.observed("weir_cache_entries", help: "Kept replies.", kind: .gauge) { [unowned state] in
      [(labels: [], value: Double(state.shared.cache.statistics.entries))]
    }
    registry.observed("weir_cache_bytes", help: "Memory that kept replies take, about.", kind: .gauge) {
      [unowned state] in [(labels: [], value: Double(state.shared.cache.statistics.bytes))]
    }
    registry.observed(
      "weir_cache_evictions_total", help: "Kept replies that went, by reason.", kind: .counter, labels: ["reason"]
    ) { [unowned state] in
      state.shared.cache.statistics.evictions.byReason.map { (labels: [$0.reason], value: Double($0.count)) }
    }
    registry.observed(
      "weir_coalescing_bytes", help: "Bytes of replies on their way that are held for identical requests.", kind: .gauge
    ) { [unowned state] in [(labels: [], value: Double(state.inFlightReplies.keptBytes))] }
  }
}
