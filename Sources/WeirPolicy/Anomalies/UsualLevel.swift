import Glibc

/// What one measure of one client usually is: a robust streaming estimate with decay.
///
/// The measure v is followed as x = ln(v + offset), since traffic varies by factors rather than by amounts.
/// With d = x - level, limited to ±3 spreads (the ψ function of P. J. Huber, "Robust Estimation of a Location
/// Parameter", Annals of Mathematical Statistics 35, 1964, with a wider bound than his 1.345, so that a
/// daily rise is followed):
///
///     level  ← level + a · d                    a = 1 - 2^(-1/60):  an interval counts half after 60
///     spread ← spread + b · (|d| · √(π/2) - spread)   b = 1 - 2^(-1/240)
///
/// The second line is a decayed mean absolute deviation; √(π/2) makes it the standard deviation of normally
/// distributed values. While fewer intervals than that were seen, a and b are 1/(n + 1), a plain mean.
/// Beside both stands the highest value that was no anomaly (short ones raise it up to fourfold); it counts half after 10,080 intervals, a week of minutes.
/// That memory is what keeps a daily peak, a Monday and an hourly batch from being an anomaly each time.
struct UsualLevel: Sendable, Equatable {
  private(set) var level = 0.0
  private(set) var spread = Self.firstSpread
  private(set) var peak = 0.0
  private(set) var samples = 0

  /// Until something is known, in logarithms: a factor of 1.6.
  private static let firstSpread = 0.5
  /// No traffic is so regular that less would mean anything.
  private static let leastSpread = 0.1
  private static let bound = 3.0
  private static let toDeviation = 1.2533141373155
  private static let levelGain = 1 - exp2(-1.0 / 60)
  private static let spreadGain = 1 - exp2(-1.0 / 240)
  /// How much a peak may grow by one departure.
  private static let peakGrowth = 4.0
  private static let peakKeep = exp2(-1.0 / 10_080)

  /// The usual value, in the measure's own unit.
  func expected(_ kind: AnomalyKind) -> Double { max(exp(level) - kind.offset, 0) }

  /// How many spreads a value lies above the usual.
  ///
  /// - Parameter noise: the standard deviation in logarithms that chance alone gives a value from so few requests.
  func score(_ value: Double, kind: AnomalyKind, noise: Double) -> Double {
    (log(value + kind.offset) - level) / max(spread, Self.leastSpread, noise)
  }

  /// Takes a value into account.
  ///
  /// - Parameter departs: an anomaly moves level and spread no further than the bound, and is no peak.
  mutating func learn(_ value: Double, kind: AnomalyKind, departs: Bool) {
    let x = log(value + kind.offset)
    samples += 1
    peak *= Self.peakKeep
    if !departs { peak = max(peak, value) }
    guard samples > 1 else {
      level = x
      return
    }
    let limit = Self.bound * max(spread, Self.leastSpread)
    // The first values say how wide the bound is to be.
    let d = samples <= 5 ? x - level : min(max(x - level, -limit), limit)
    let share = 1 / Double(samples)
    level += max(Self.levelGain, share) * d
    spread += max(Self.spreadGain, share) * (abs(d) * Self.toDeviation - spread)
  }

  /// A short departure that has passed: the next of its kind is less of a surprise.
  mutating func remember(_ value: Double, kind: AnomalyKind) {
    peak = max(peak, min(value, max(peak, kind.offset) * Self.peakGrowth))
  }

  /// A departure has lasted so long that it is the usual now.
  mutating func adopt(_ value: Double, kind: AnomalyKind) {
    level = log(value + kind.offset)
    peak = max(peak, value)
    spread = max(spread, Self.firstSpread)
  }
}
