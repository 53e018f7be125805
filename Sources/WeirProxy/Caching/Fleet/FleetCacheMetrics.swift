import WeirMetrics

/// What becomes of looks into the fleet's cache, and of replies for it. Failures of the store itself are counted with
/// all its calls.
final class FleetCacheMetrics: Sendable {
  /// What a look came to.
  enum Result: String, CaseIterable {
    /// A reply that was there.
    case hit
    /// One that another sidecar brought meanwhile.
    case waited
    /// None.
    case miss
    /// None in the time that a request waits for another sidecar's.
    case gaveUp = "gave_up"
    /// One that is too old for the request.
    case tooOld = "too_old"
    /// Something that is no reply, or was changed or sealed with another key.
    case unreadable
  }

  /// What became of a reply.
  enum Writing: String, CaseIterable {
    case stored
    /// It is over `redis.max_cache_entry_bytes`, or cannot be written.
    case unfit
    /// Too much waits to be written.
    case busy
    /// The store did not take it.
    case failed
  }

  private let lookups: [Result: Counter]
  private let writings: [Writing: Counter]

  init(_ registry: MetricsRegistry) {
    let lookups = registry.counter(
      "weir_shared_cache_lookups_total", help: "Looks into the sidecars' shared cache by what they came to.",
      labels: ["result"])
    let writings = registry.counter(
      "weir_shared_cache_writes_total", help: "Replies for the sidecars' shared cache by what became of them.",
      labels: ["result"])
    self.lookups = Dictionary(uniqueKeysWithValues: Result.allCases.map { ($0, lookups.child([$0.rawValue])) })
    self.writings = Dictionary(uniqueKeysWithValues: Writing.allCases.map { ($0, writings.child([$0.rawValue])) })
  }

  func count(_ result: Result) { lookups[result]?.increment() }

  func count(_ writing: Writing) { writings[writing]?.increment() }
}
