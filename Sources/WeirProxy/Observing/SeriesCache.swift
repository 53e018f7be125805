/// The series that an event loop has counted in before, by what they are labelled with. The last one needs no look-up:
/// most requests are of the kind of the one before, and comparing a key costs a tenth of hashing it.
struct SeriesCache<Key: Hashable, Series> {
  private var known: [Key: Series] = [:]
  private var lastKey: Key?
  private var last: Series?
  /// More combinations come from a client that makes models up; the cache starts afresh.
  private let maximum: Int

  init(maximum: Int = 2048) { self.maximum = maximum }

  /// The series of the key, made where it is new.
  mutating func series(_ key: Key, make: (Key) -> Series) -> Series {
    if let last, lastKey == key { return last }
    let series = known[key] ?? make(key)
    if known[key] == nil {
      if known.count >= maximum { known.removeAll() }
      known[key] = series
    }
    lastKey = key
    last = series
    return series
  }
}
