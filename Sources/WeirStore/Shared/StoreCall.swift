import Glibc

/// One call on its way to the store and back.
struct StoreCall: Sendable {
  typealias Completion = @Sendable (Result<StoreReply, StoreFailure>) -> Void

  let operation: StoreOperation
  /// Nil for a plain command.
  let script: StoreScript?
  /// How many words it has on the wire, all told.
  let wordCount: Int
  /// The words after those of the script, as they are sent.
  let words: [UInt8]
  /// Of the monotonic clock, in nanoseconds.
  let begun: UInt64
  let deadline: UInt64
  let completion: Completion
  /// Whether it has been sent with the script's source: then NOSCRIPT is an answer like any other.
  var isBySource = false

  /// How much of the bound on what waits it takes.
  var byteCount: Int { words.count + 64 }

  func write(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: StoreWire.head(count: wordCount))
    if let script { bytes.append(contentsOf: isBySource ? script.bySource : script.byDigest) }
    bytes.append(contentsOf: words)
  }
}

/// The monotonic clock in nanoseconds.
enum StoreClock {
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(max(time.tv_sec, 0)) * 1_000_000_000 + UInt64(max(time.tv_nsec, 0))
  }
}

extension Duration {
  /// Never negative, and short of what would overflow a sum with the clock.
  var storeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(min(seconds, 1_000_000)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
