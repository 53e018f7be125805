import WeirPolicy

/// The elections of who probes that this sidecar will hold: one for a circuit at a time. Every sidecar whose circuit opens
/// tells all others, so that each hears of one circuit as often as there are sidecars; were each of these words to bring
/// an election, a fleet of fifty would hold 2,500 at the same moment. A value; times are nanoseconds of a monotonic clock.
struct CircuitElections {
  private var moments: [CircuitKey: Int64] = [:]

  /// Two moments that are no further apart are one.
  static let same: Int64 = 300_000_000

  /// Whether the caller has to come back at the moment: not where somebody does already.
  mutating func announce(_ key: CircuitKey, at moment: Int64) -> Bool {
    if let known = moments[key], known.distance(to: moment).magnitude <= Self.same.magnitude { return false }
    moments[key] = moment
    return true
  }

  /// Whether the election is to be held, by who announced it for this moment: not where another moment was announced since.
  mutating func isDue(_ key: CircuitKey, at moment: Int64) -> Bool {
    guard moments[key] == moment else { return false }
    moments[key] = nil
    return true
  }
}
