/// Counts of rate limits by key: bounded, each operation in constant time, and no count that is over its limit is ever
/// forgotten early.
///
/// - A count that has drained equals no count, so it is forgotten: `sweep` looks at two places a request.
/// - A count that could take at least one more is in the order of use; when there is no room, the least recently used
///   one goes.
/// - A count that is over its limit (cannot take one more) is outside that order, so nothing pushes it out. The sweep
///   puts it back, as the last used, once it has drained far enough.
/// - When only counts over their limits are left, there is no room (`insert` gives nil), and the rate limiter counts all
///   further keys of a rule together.
///
/// A value; times are nanoseconds of a monotonic clock.
struct BucketTable: Sendable {
  /// Where a count is; worthless once the count was forgotten.
  struct Place: Sendable, Equatable {
    fileprivate let slot: Int
    fileprivate let serial: UInt64
  }

  private struct Slot {
    var key: LimitKey
    var bucket: GCRA
    var serial: UInt64
    var isUsed = true
    /// The request that used it last.
    var request: UInt64 = 0
    /// In the order of use; false while the count is over its limit.
    var isOrdered = false
    var older = -1
    var newer = -1
  }

  private var slots: [Slot] = []
  private var free: [Int] = []
  private var index: [LimitKey: Int] = [:]
  private var newest = -1
  private var oldest = -1
  private var hand = 0
  private var serials: UInt64 = 0
  private var requests: UInt64 = 0
  private var capacity: Int

  private static let sweptPerRequest = 2
  private static let triedPerInsertion = 4

  init(capacity: Int) { self.capacity = max(capacity, 1) }

  /// Counts that are kept.
  var count: Int { index.count }

  /// Begins a request: what it touches from now on is not pushed out by itself.
  mutating func beginRequest(now: Int64) {
    requests &+= 1
    for _ in 0..<BucketTable.sweptPerRequest { sweep(now) }
  }

  /// Where a key's count is, which is then the last used.
  mutating func find(_ key: LimitKey) -> Place? {
    guard let slot = index[key] else { return nil }
    slots[slot].request = requests
    if slots[slot].isOrdered {
      unlink(slot)
      linkNewest(slot)
    }
    return Place(slot: slot, serial: slots[slot].serial)
  }

  /// Keeps a new count, where need be in the room of the least recently used one that is not over its limit; nil when
  /// there is none.
  mutating func insert(_ key: LimitKey, _ bucket: GCRA, now: Int64) -> Place? {
    guard index.count < capacity || makeRoom(now) else { return nil }
    serials &+= 1
    let new = Slot(key: key, bucket: bucket, serial: serials, request: requests)
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      slots[slot] = new
    } else {
      slot = slots.count
      slots.append(new)
    }
    index[key] = slot
    linkNewest(slot)
    return Place(slot: slot, serial: serials)
  }

  /// The count at a place; nil when it was forgotten.
  func bucket(at place: Place) -> GCRA? { holds(place) ? slots[place.slot].bucket : nil }

  /// Changes a count, unless it was forgotten.
  mutating func update(_ place: Place, now: Int64, _ change: (inout GCRA) -> Void) {
    guard holds(place) else { return }
    change(&slots[place.slot].bucket)
    arrange(place.slot, now)
  }

  /// Forgets a count.
  mutating func remove(_ place: Place) {
    if holds(place) { forget(place.slot) }
  }

  /// A reload: counts of other rules are forgotten, those of rules that stay take their new rate.
  mutating func keep(
    capacity: Int, now: Int64, _ changed: (_ rule: Int, _ bucket: GCRA) -> GCRA?
  ) {
    self.capacity = max(capacity, 1)
    for slot in slots.indices where slots[slot].isUsed {
      if let bucket = changed(slots[slot].key.rule, slots[slot].bucket) {
        slots[slot].bucket = bucket
        arrange(slot, now)
      } else {
        forget(slot)
      }
    }
    while index.count > self.capacity, makeRoom(now) {}
  }

  private func holds(_ place: Place) -> Bool {
    slots.indices.contains(place.slot) && slots[place.slot].isUsed && slots[place.slot].serial == place.serial
  }

  private mutating func sweep(_ now: Int64) {
    guard !slots.isEmpty else { return }
    hand = hand + 1 < slots.count ? hand + 1 : 0
    guard slots[hand].isUsed else { return }
    if slots[hand].bucket.isFull(now: now), slots[hand].request != requests {
      forget(hand)
    } else if !slots[hand].isOrdered {
      arrange(hand, now)
    }
  }

  private mutating func makeRoom(_ now: Int64) -> Bool {
    for _ in 0..<BucketTable.triedPerInsertion where oldest >= 0 {
      let slot = oldest
      guard slots[slot].request != requests else { return false }
      guard slots[slot].bucket.isOver(now: now) else {
        forget(slot)
        return true
      }
      arrange(slot, now)
    }
    return false
  }

  /// In the order of use exactly when the count is not over its limit.
  private mutating func arrange(_ slot: Int, _ now: Int64) {
    let isOver = slots[slot].bucket.isOver(now: now)
    if isOver, slots[slot].isOrdered { unlink(slot) }
    if !isOver, !slots[slot].isOrdered { linkNewest(slot) }
  }

  private mutating func forget(_ slot: Int) {
    if slots[slot].isOrdered { unlink(slot) }
    index[slots[slot].key] = nil
    slots[slot].isUsed = false
    free.append(slot)
  }

  private mutating func linkNewest(_ slot: Int) {
    slots[slot].isOrdered = true
    slots[slot].newer = -1
    slots[slot].older = newest
    if newest >= 0 { slots[newest].newer = slot } else { oldest = slot }
    newest = slot
  }

  private mutating func unlink(_ slot: Int) {
    let (older, newer) = (slots[slot].older, slots[slot].newer)
    if older >= 0 { slots[older].newer = newer } else { oldest = newer }
    if newer >= 0 { slots[newer].older = older } else { newest = older }
    slots[slot].isOrdered = false
  }
}
