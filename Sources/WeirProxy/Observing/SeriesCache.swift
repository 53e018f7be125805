/// The series that an event loop has counted in before, by what they are labelled with. The last one needs no look-up:
/// most requests are of the kind of the one before, and comparing a key costs a tenth of hashing it.
struct SeriesCache<Key: Hashable, Series> {
  /// An object, so that looking at the last one copies neither its key nor its series.
  private final class Entry {
    let key: Key
    let series: Series

    init(key: Key, series: Series) {
      self.key = key
      self.series = series
    }
  }

  private var known: [Key: Entry] = [:]
  private var last: Entry?
  /// More combinations come from a client that makes models up; the cache starts afresh.
  private let maximum: Int

  init(maximum: Int = 2048) { self.maximum = maximum }

  /// The series of the key, made where it is new.
  mutating func series(_ key: Key, make: (Key) -> Series) -> Series {
    if let last, last.key == key { return last.series }
    let entry = known[key] ?? Entry(key: key, series: make(key))
    if known[key] == nil {
      if known.count >= maximum { known.removeAll() }
      known[key] = entry
    }
    last = entry
    return entry.series
  }
}
