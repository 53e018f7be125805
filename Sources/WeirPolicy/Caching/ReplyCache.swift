import Synchronization

/// The kept replies, for all event loops: each call holds one lock for a short while, and lets replies go after it.
///
/// Keys are SHA-256, so nobody can choose keys that make the table slow. Times are nanoseconds of a monotonic clock, so
/// the wall clock may jump. What is held, with its overhead, is never above `CachePolicy.maximumBytes` when a call
/// returns.
public final class ReplyCache: Sendable {
  private let table: Mutex<CacheTable>

  /// An empty cache.
  public init(_ policy: CachePolicy) { table = Mutex(CacheTable(policy)) }

  /// The reply kept under the key, if there is one that is not too old.
  ///
  /// - Parameters:
  ///   - maximumAgeSeconds: what `CacheUse` says.
  ///   - looksAgain: the request was counted for the key already.
  public func find(
    _ key: CacheKey, maximumAgeSeconds: Int = .max, looksAgain: Bool = false, now: Int64
  ) -> StoredReply? {
    var discarded: [StoredReply] = []
    let maximumAge = Self.nanoseconds(maximumAgeSeconds)
    return table.withLock { table in
      if !looksAgain { table.note(key) }
      return table.find(key, now: now, maximumAge: maximumAge, discarded: &discarded)
    }
  }

  /// Keeps a reply that `KeepReply` allows, in the place of an older one.
  ///
  /// - Returns: false where it is over a bound, or its time is over.
  @discardableResult
  public func keep(_ reply: StoredReply, for key: CacheKey, timeToLiveSeconds: Int, now: Int64) -> Bool {
    var discarded: [StoredReply] = []
    let (sum, overflows) = reply.description.storedAt.addingReportingOverflow(Self.nanoseconds(timeToLiveSeconds))
    let expiresAt = overflows ? .max : sum
    return table.withLock { $0.keep(reply, for: key, expiresAt: expiresAt, now: now, discarded: &discarded) }
  }

  /// Removes what models that fit have produced; returns how many. Time grows with the entries.
  public func remove(model: ModelPattern) -> Int {
    var discarded: [StoredReply] = []
    return table.withLock { $0.remove(model: model, discarded: &discarded) }
  }

  /// Removes everything; returns how many.
  public func removeAll() -> Int {
    let old = table.withLock { $0.removeAll() }
    return old.statistics.entries
  }

  /// Removes what is over its time; returns how many. Worth a call every minute or so: without requests nothing else
  /// gives their memory back. Time grows with the entries.
  @discardableResult
  public func removeExpired(now: Int64) -> Int {
    var discarded: [StoredReply] = []
    return table.withLock { $0.removeExpired(now: now, discarded: &discarded) }
  }

  /// Takes the bounds of a new configuration and keeps what fits; off removes everything.
  public func replace(_ policy: CachePolicy, now: Int64) {
    var discarded: [StoredReply] = []
    table.withLock { $0.adopt(policy, now: now, discarded: &discarded) }
  }

  /// What it holds, and what it let go.
  public var statistics: CacheStatistics { table.withLock { $0.statistics } }

  /// Saturates, as a request may name any number.
  private static func nanoseconds(_ seconds: Int) -> Int64 {
    let (product, overflows) = Int64(max(seconds, 0)).multipliedReportingOverflow(by: 1_000_000_000)
    return overflows ? .max : product
  }
}
