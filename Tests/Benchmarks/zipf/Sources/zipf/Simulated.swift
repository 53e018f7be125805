/// A cache of sizes only, to compare weir's with. Returns whether a request was answered.
protocol Simulated {
  mutating func request(_ thing: Int, cost: Int, at index: Int, nextUse: Int) -> Bool
}

/// When each thing in a cache expires, shared by all simulated caches.
struct Expiry {
  private var since: [Int: Int] = [:]
  private let span = Int(Trace.timeToLive / Trace.interval)

  func isFresh(_ thing: Int, at index: Int) -> Bool { since[thing].map { index - $0 < span } ?? false }

  /// Whether a use at `next` still finds what is kept at `index`.
  func lasts(_ thing: Int, until next: Int) -> Bool { since[thing].map { next - $0 < span } ?? false }

  mutating func keep(_ thing: Int, at index: Int) { since[thing] = index }
}

/// An order of recency: a list over things with their costs.
struct Recency {
  private var stamps: [Int: Int] = [:]
  private var queue: [(thing: Int, stamp: Int)] = []
  private var head = 0
  private var clock = 0
  private(set) var bytes = 0

  func contains(_ thing: Int) -> Bool { stamps[thing] != nil }

  mutating func touch(_ thing: Int, cost: Int) {
    if stamps[thing] == nil { bytes += cost }
    clock += 1
    stamps[thing] = clock
    queue.append((thing, clock))
  }

  mutating func remove(_ thing: Int, cost: Int) {
    if stamps.removeValue(forKey: thing) != nil { bytes -= cost }
  }

  mutating func popOldest(_ costs: [Int]) -> Int? {
    while head < queue.count {
      let (thing, stamp) = queue[head]
      head += 1
      guard stamps[thing] == stamp else { continue }
      stamps[thing] = nil
      bytes -= costs[thing]
      return thing
    }
    return nil
  }
}

/// The least recently used goes first.
struct LRU: Simulated {
  let capacity: Int
  let costs: [Int]
  private var recency = Recency()
  private var expiry = Expiry()

  init(capacity: Int, costs: [Int]) {
    self.capacity = capacity
    self.costs = costs
  }

  mutating func request(_ thing: Int, cost: Int, at index: Int, nextUse: Int) -> Bool {
    let isHit = recency.contains(thing) && expiry.isFresh(thing, at: index)
    if !isHit { expiry.keep(thing, at: index) }
    guard cost <= capacity else { return false }
    recency.touch(thing, cost: cost)
    while recency.bytes > capacity, recency.popOldest(costs) != nil {}
    return isHit
  }
}

/// Segmented LRU: what is asked for again moves to a protected part, four fifths of all.
struct SLRU: Simulated {
  let capacity: Int
  let costs: [Int]
  private var probation = Recency()
  private var protected = Recency()
  private var expiry = Expiry()

  init(capacity: Int, costs: [Int]) {
    self.capacity = capacity
    self.costs = costs
  }

  mutating func request(_ thing: Int, cost: Int, at index: Int, nextUse: Int) -> Bool {
    let isHit =
      (probation.contains(thing) || protected.contains(thing)) && expiry.isFresh(thing, at: index)
    if !isHit { expiry.keep(thing, at: index) }
    guard cost <= capacity else { return false }
    if probation.contains(thing) || protected.contains(thing) {
      probation.remove(thing, cost: cost)
      protected.touch(thing, cost: cost)
      while protected.bytes > capacity / 5 * 4, let demoted = protected.popOldest(costs) {
        probation.touch(demoted, cost: costs[demoted])
      }
    } else {
      probation.touch(thing, cost: cost)
    }
    while probation.bytes + protected.bytes > capacity {
      if probation.popOldest(costs) == nil, protected.popOldest(costs) == nil { break }
    }
    return isHit
  }
}

/// Knows the future: what is asked for latest, weighed by its size, goes first, and nothing is kept that would not be
/// asked for in time. With equal sizes and no expiry this is Belady's optimum; with them it is close to it.
struct Ideal: Simulated {
  let capacity: Int
  let costs: [Int]
  private var heap: [(worth: Int, thing: Int, nextUse: Int)] = []
  private var nextUses: [Int: Int] = [:]
  private var bytes = 0
  private var expiry = Expiry()

  init(capacity: Int, costs: [Int]) {
    self.capacity = capacity
    self.costs = costs
  }

  mutating func request(_ thing: Int, cost: Int, at index: Int, nextUse: Int) -> Bool {
    let isKept = nextUses[thing] != nil
    let isHit = isKept && expiry.isFresh(thing, at: index)
    if !isHit { expiry.keep(thing, at: index) }
    guard nextUse != .max, expiry.lasts(thing, until: nextUse), cost <= capacity else {
      if isKept { drop(thing) }
      return isHit
    }
    if !isKept { bytes += cost }
    nextUses[thing] = nextUse
    push((worth(thing, nextUse, index), thing, nextUse))
    while bytes > capacity, let worst = pop() {
      guard nextUses[worst.thing] == worst.nextUse else { continue }
      let now = worth(worst.thing, worst.nextUse, index)
      if now < worst.worth {
        push((now, worst.thing, worst.nextUse))
      } else {
        drop(worst.thing)
      }
    }
    return isHit
  }

  /// How long its room is taken for its next use.
  private func worth(_ thing: Int, _ nextUse: Int, _ index: Int) -> Int { max(nextUse - index, 0) * costs[thing] }

  private mutating func drop(_ thing: Int) {
    nextUses[thing] = nil
    bytes -= costs[thing]
  }

  private mutating func push(_ entry: (worth: Int, thing: Int, nextUse: Int)) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2].worth < heap[child].worth {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> (worth: Int, thing: Int, nextUse: Int)? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, heap[child + 1].worth > heap[child].worth { child += 1 }
      guard heap[child].worth > heap[parent].worth else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return top
  }
}
