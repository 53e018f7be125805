@testable import WeirPolicy
import WeirWire

/// weir's own table, as the proxy uses it.
struct Weir: Simulated {
  private var table: CacheTable
  private let keys: [CacheKey]
  private let bodies: [StoredReply]

  /// What an entry costs beside its body.
  static let overhead = reply(bodyBytes: 0).heldBytes + CacheTable.entryOverhead + 48

  init(capacity: Int, costs: [Int], windowShare: Double) {
    var policy = CachePolicy(maximumBytes: capacity, maximumEntryBytes: capacity)
    // The sketch is paid from the same bytes; here all caches have the same room for entries, so that the policies
    // alone are compared.
    policy.maximumBytes += FrequencySketch(wordCount: capacity / 4096).bytes
    table = CacheTable(policy, windowShare: windowShare)
    var random = SplitMix64(seed: 7)
    keys = costs.map { _ in CacheKey(words: InlineArray { _ in random.next() }) }
    bodies = costs.map { Self.reply(bodyBytes: max($0 - Self.overhead, 0)) }
  }

  mutating func request(_ thing: Int, cost: Int, at index: Int, nextUse: Int) -> Bool {
    let now = Int64(index) * Trace.interval
    var discarded: [StoredReply] = []
    table.note(keys[thing])
    if table.find(keys[thing], now: now, maximumAge: .max, discarded: &discarded) != nil { return true }
    _ = table.keep(
      bodies[thing], for: keys[thing], expiresAt: now + Trace.timeToLive, now: now, discarded: &discarded)
    return false
  }

  private static func reply(bodyBytes: Int) -> StoredReply {
    StoredReply(
      StoredReply.Description(model: "m", upstream: "u", storedAt: 0), head: [],
      body: Array(repeating: 0, count: bodyBytes))
  }
}
