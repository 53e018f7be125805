import WeirPolicy

/// Where an entry of the fleet's cache is in the store.
struct FleetEntry: Sendable {
  let key: CacheKey
  /// The key of its value.
  let value: String
  /// The key of the lease of whoever brings it; with the same hash tag, so that a script may use both in a cluster.
  let lease: String
  /// The generation of the cache that it is of.
  let generation: UInt64

  init(key: CacheKey, name: String, prefix: String, generation: UInt64) {
    self.key = key
    self.generation = generation
    value = "\(prefix)c:{\(name)}:\(generation)"
    lease = "\(value):lease"
  }
}

/// What the store said to a look into the fleet's cache.
struct FleetFinding: Sendable {
  let answer: FleetLookup.Answer
  /// What can be used, where there is something.
  var read: FleetReplyFormat.Read?
}

/// What a request has under way with the fleet's cache. Lives on its event loop.
final class FleetErrand {
  let entry: FleetEntry
  let use: CacheUse
  var lookup: FleetLookup
  /// What its lease is known by; nil where it has none, and wants none.
  var token: String?

  init(entry: FleetEntry, use: CacheUse, lookup: FleetLookup, token: String?) {
    self.entry = entry
    self.use = use
    self.lookup = lookup
    self.token = token
  }
}
