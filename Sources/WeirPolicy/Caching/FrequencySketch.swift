/// About how often each key was asked for lately, in little memory: a count-min sketch of counters up to 15 that are all
/// halved after a while (Einziger, Friedman and Manes, "TinyLFU", ACM Transactions on Storage 13(4), 2017).
struct FrequencySketch {
  /// Sixteen counters a word.
  private var words: [UInt64]
  /// A power of two less one.
  private let mask: UInt64
  /// Counted since the last halving.
  private var counted = 0
  private let period: Int

  /// What a counter holds at most.
  static let highest = 15

  /// - Parameter wordCount: rounded up to a power of two; good for about as many keys.
  init(wordCount: Int) {
    var count = 64
    while count < wordCount, count < 1 << 17 { count *= 2 }
    words = Array(repeating: 0, count: count)
    mask = UInt64(count - 1)
    period = 10 * count
  }

  /// Memory that the counters take.
  var bytes: Int { words.count * 8 }

  /// Counts one request for the key.
  mutating func note(_ key: CacheKey) {
    for row in 0..<4 {
      let (index, shift) = place(key.word(row))
      if words[index] >> shift & 0xf < UInt64(Self.highest) { words[index] += 1 << shift }
    }
    counted += 1
    if counted >= period { halve() }
  }

  /// Never below what was counted since the halvings, up to 15; seldom above.
  func frequency(of key: CacheKey) -> Int {
    var least = UInt64(Self.highest)
    for row in 0..<4 {
      let (index, shift) = place(key.word(row))
      least = min(least, words[index] >> shift & 0xf)
    }
    return Int(least)
  }

  /// Keys are SHA-256, so each of their words is a hash of its own.
  private func place(_ hash: UInt64) -> (index: Int, shift: UInt64) {
    (Int(hash >> 8 & mask), (hash & 0xf) * 4)
  }

  private mutating func halve() {
    for index in words.indices { words[index] = words[index] >> 1 & 0x7777_7777_7777_7777 }
    counted /= 2
  }
}
