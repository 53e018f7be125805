/// The kept replies, in bounded memory: W-TinyLFU over bytes (see the paper named at `FrequencySketch`).
///
/// New entries enter a small window. What leaves the window stays only if it was asked for more often than all the
/// entries together that would have to go for it. Those are taken from the end of a segmented list, so that what was
/// asked for once goes before what was asked for again. Every operation takes bounded time, but for the removals by
/// model and of all expired entries. Replies that go are handed to the caller, who lets them go outside its lock.
struct CacheTable {
  /// A slot, its part of the index at the index's worst load, and malloc's own.
  static let entryOverhead = 2 * MemoryLayout<CacheSlot>.stride + 4 * MemoryLayout<(CacheKey, Int32)>.stride + 64
  /// At most so many entries are weighed against a newcomer.
  private static let mostVictims = 256
  /// Slots looked at for expired entries whenever a reply is kept.
  private static let sweptSlots = 4

  private var slots: [CacheSlot] = []
  private var free: [Int32] = []
  private var index: [CacheKey: Int32] = [:]
  private var window = RecencyList()
  private var probation = RecencyList()
  private var protected = RecencyList()
  private var sketch: FrequencySketch
  private var sweepHand = 0
  private var capacity: Int
  private let windowShare: Double
  private var maximumEntryBytes: Int
  private(set) var evictions = CacheEvictions()

  /// - Parameter windowShare: of the capacity, for new entries; see Tests/Benchmarks/zipf for the choice.
  init(_ policy: CachePolicy, windowShare: Double = 0.01) {
    let isOn = policy.timeToLive > 0
    sketch = FrequencySketch(wordCount: isOn ? policy.maximumBytes / 4096 : 0)
    capacity = isOn ? max(policy.maximumBytes - sketch.bytes, 0) : 0
    maximumEntryBytes = policy.maximumEntryBytes
    self.windowShare = windowShare
  }

  /// Of all entries.
  var bytes: Int { window.bytes + probation.bytes + protected.bytes }

  var statistics: CacheStatistics {
    var statistics = CacheStatistics()
    statistics.entries = index.count
    statistics.bytes = bytes
    statistics.evictions = evictions
    return statistics
  }

  /// Counts a request for the key, kept or not.
  mutating func note(_ key: CacheKey) { sketch.note(key) }

  /// The reply kept under the key, unless it is too old.
  mutating func find(
    _ key: CacheKey, now: Int64, maximumAge: Int64, discarded: inout [StoredReply]
  ) -> StoredReply? {
    guard let slot = index[key], let reply = self[slot].reply else { return nil }
    guard now < self[slot].expiresAt else {
      evictions.expired += 1
      remove(slot, &discarded)
      return nil
    }
    guard reply.nanoseconds(now: now) <= maximumAge else { return nil }
    touch(slot)
    return reply
  }

  /// Keeps a reply, in the place of an older one under the same key.
  ///
  /// - Returns: false for one that is over a bound; one that is not worth its room may be gone again all the same.
  mutating func keep(
    _ reply: StoredReply, for key: CacheKey, expiresAt: Int64, now: Int64, discarded: inout [StoredReply]
  ) -> Bool {
    sweep(now: now, &discarded)
    let bytes = reply.heldBytes + Self.entryOverhead
    guard reply.bodyCount <= maximumEntryBytes, bytes <= capacity, expiresAt > now else { return false }
    if let old = index[key] {
      evictions.replaced += 1
      replace(old, reply: reply, bytes: bytes, expiresAt: expiresAt, &discarded)
      if self[old].segment == .window, bytes > windowBytes { move(old, to: .probation) }
    } else {
      // What fills the window alone would only push all others out of it.
      let segment: CacheSegment = bytes > windowBytes ? .probation : .window
      let slot = insert(
        CacheSlot(
          key: key, reply: reply, bytes: bytes, expiresAt: expiresAt, segment: segment, previous: RecencyList.none,
          next: RecencyList.none))
      if segment == .probation, self.bytes > capacity { contest(slot, now: now, &discarded) }
    }
    makeRoom(now: now, &discarded)
    return true
  }

  /// Removes what was produced by models that fit; returns how many.
  mutating func remove(model pattern: ModelPattern, discarded: inout [StoredReply]) -> Int {
    var known: [String: Bool] = [:]
    let fits = slots.indices.filter { index in
      guard let reply = slots[index].reply, let model = reply.description.model else { return false }
      if let answer = known[model] { return answer }
      let answer = pattern.matches(model)
      known[model] = answer
      return answer
    }
    for index in fits { remove(Int32(index), &discarded) }
    evictions.purged += fits.count
    return fits.count
  }

  /// Removes what is over its time; returns how many.
  mutating func removeExpired(now: Int64, discarded: inout [StoredReply]) -> Int {
    let over = slots.indices.filter { slots[$0].reply != nil && slots[$0].expiresAt <= now }
    for index in over { remove(Int32(index), &discarded) }
    evictions.expired += over.count
    return over.count
  }

  /// Takes other bounds; what no longer fits goes, the least worth first.
  mutating func adopt(_ policy: CachePolicy, now: Int64, discarded: inout [StoredReply]) {
    var fresh = CacheTable(policy, windowShare: windowShare)
    if fresh.capacity == 0 {
      discarded += slots.compactMap(\.reply)
      fresh.evictions = evictions
      fresh.evictions.purged += index.count
      self = fresh
      return
    }
    if fresh.sketch.bytes != sketch.bytes { sketch = fresh.sketch }
    capacity = fresh.capacity
    maximumEntryBytes = fresh.maximumEntryBytes
    makeRoom(now: now, &discarded)
  }

  /// An empty table with the same bounds and counts takes this one's place.
  mutating func removeAll() -> CacheTable {
    let old = self
    slots = []
    free = []
    index = [:]
    window = RecencyList()
    probation = RecencyList()
    protected = RecencyList()
    sweepHand = 0
    evictions.purged += old.index.count
    return old
  }
}

// What stays and what goes.
extension CacheTable {
  private var windowBytes: Int { Int(Double(capacity) * windowShare) }

  /// Four fifths of what is not the window's, as in the paper.
  private var protectedBytes: Int { (capacity - windowBytes) / 5 * 4 }

  private mutating func touch(_ slot: Int32) {
    switch self[slot].segment {
    case .window: move(slot, to: .window)
    case .probation, .protected: move(slot, to: .protected)
    }
    while protected.bytes > protectedBytes, protected.last != slot, protected.last != RecencyList.none {
      move(protected.last, to: .probation)
    }
  }

  private mutating func makeRoom(now: Int64, _ discarded: inout [StoredReply]) {
    while window.bytes > windowBytes, window.last != RecencyList.none {
      let candidate = window.last
      move(candidate, to: .probation)
      if bytes > capacity { contest(candidate, now: now, &discarded) }
    }
    while bytes > capacity, let victim = leastWorth {
      evict(victim, now: now, &discarded)
    }
  }

  private var leastWorth: Int32? {
    [probation.last, protected.last, window.last].first { $0 != RecencyList.none }
  }

  /// Lets either the candidate go, or the entries that it needs the room of.
  private mutating func contest(_ candidate: Int32, now: Int64, _ discarded: inout [StoredReply]) {
    let worth = sketch.frequency(of: self[candidate].key)
    var victims: [Int32] = []
    var (room, theirs) = (capacity - bytes, 0)
    var next = probation.last
    var segment = CacheSegment.probation
    while room < 0, theirs < worth, victims.count < Self.mostVictims {
      if next == RecencyList.none, segment == .probation { (segment, next) = (.protected, protected.last) }
      guard next != RecencyList.none else { break }
      if next != candidate {
        victims.append(next)
        room += self[next].bytes
        if now < self[next].expiresAt { theirs += sketch.frequency(of: self[next].key) }
      }
      next = self[next].previous
    }
    if room >= 0, theirs < worth {
      for victim in victims { evict(victim, now: now, &discarded) }
    } else {
      evict(candidate, now: now, &discarded)
    }
  }

  private mutating func evict(_ slot: Int32, now: Int64, _ discarded: inout [StoredReply]) {
    if now < self[slot].expiresAt { evictions.size += 1 } else { evictions.expired += 1 }
    remove(slot, &discarded)
  }

  /// Looks at the next few slots, so that all are looked at in turn and nothing stays long after its time.
  private mutating func sweep(now: Int64, _ discarded: inout [StoredReply]) {
    for _ in 0..<min(Self.sweptSlots, slots.count) {
      sweepHand = sweepHand + 1 < slots.count ? sweepHand + 1 : 0
      let isOver = slots[sweepHand].reply != nil && slots[sweepHand].expiresAt <= now
      if isOver { evict(Int32(sweepHand), now: now, &discarded) }
    }
  }
}

// The slots and their lists.
extension CacheTable {
  /// Slot numbers come from the lists and the index alone.
  private subscript(slot: Int32) -> CacheSlot {
    get { slots[Int(slot)] }
    _modify { yield &slots[Int(slot)] }
  }

  private subscript(segment: CacheSegment) -> RecencyList {
    get {
      switch segment {
      case .window: window
      case .probation: probation
      case .protected: protected
      }
    }
    _modify {
      switch segment {
      case .window: yield &window
      case .probation: yield &probation
      case .protected: yield &protected
      }
    }
  }

  private mutating func insert(_ entry: CacheSlot) -> Int32 {
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
      self[slot] = entry
    } else {
      slot = Int32(slots.count)
      slots.append(entry)
    }
    index[entry.key] = slot
    link(slot)
    return slot
  }

  private mutating func remove(_ slot: Int32, _ discarded: inout [StoredReply]) {
    unlink(slot)
    index[self[slot].key] = nil
    if let reply = self[slot].reply { discarded.append(reply) }
    self[slot].reply = nil
    free.append(slot)
  }

  private mutating func replace(
    _ slot: Int32, reply: StoredReply, bytes: Int, expiresAt: Int64, _ discarded: inout [StoredReply]
  ) {
    unlink(slot)
    if let old = self[slot].reply { discarded.append(old) }
    self[slot].reply = reply
    self[slot].bytes = bytes
    self[slot].expiresAt = expiresAt
    link(slot)
  }

  private mutating func move(_ slot: Int32, to segment: CacheSegment) {
    unlink(slot)
    self[slot].segment = segment
    link(slot)
  }

  private mutating func link(_ slot: Int32) {
    let segment = self[slot].segment
    let second = self[segment].first
    self[slot].previous = RecencyList.none
    self[slot].next = second
    if second == RecencyList.none { self[segment].last = slot } else { self[second].previous = slot }
    self[segment].first = slot
    self[segment].bytes += self[slot].bytes
  }

  private mutating func unlink(_ slot: Int32) {
    let entry = self[slot]
    if entry.previous == RecencyList.none {
      self[entry.segment].first = entry.next
    } else {
      self[entry.previous].next = entry.next
    }
    if entry.next == RecencyList.none {
      self[entry.segment].last = entry.previous
    } else {
      self[entry.next].previous = entry.previous
    }
    self[entry.segment].bytes -= entry.bytes
  }
}
