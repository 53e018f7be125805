/// How closely clients' traffic is watched.
public struct AnomalyPolicy: Sendable, Equatable {
  /// How far traffic must depart before it is an anomaly.
  public enum Sensitivity: String, Sendable, CaseIterable {
    /// Eight times the usual.
    case low
    /// Four times the usual.
    case normal
    /// Two and a half times the usual.
    case high
  }

  /// What a departure must exceed, all three at once.
  struct Thresholds {
    /// Times the usual value.
    let factor: Double
    /// Spreads away from it.
    let score: Double
    /// Times the highest value that was no anomaly.
    let peakFactor: Double
  }

  /// Whether anything is watched.
  public let isEnabled: Bool
  /// How far traffic must depart.
  public let sensitivity: Sensitivity
  /// How long a client is only learned from, in nanoseconds; a departure that lasts as long becomes the usual.
  public let learnTime: Int64
  /// How long a kind of anomaly of one client stays silent after it was raised, in nanoseconds.
  public let coolDown: Int64

  /// The defaults are those of the settings.
  public init(
    isEnabled: Bool = true, sensitivity: Sensitivity = .normal, learnTime: Int64 = 3_600_000_000_000,
    coolDown: Int64 = 600_000_000_000
  ) {
    self.isEnabled = isEnabled
    self.sensitivity = sensitivity
    self.learnTime = learnTime
    self.coolDown = coolDown
  }

  static let minute: Int64 = 60_000_000_000

  /// Learning needs as many intervals at least.
  static let fewestIntervals = 10

  /// Over which rates are taken, in nanoseconds: a minute, or a tenth of a shorter time to learn.
  public var interval: Int64 {
    min(Self.minute, max(learnTime / Int64(Self.fewestIntervals), 100_000_000))
  }

  /// How many intervals a client is learned from.
  var learnIntervals: Int { max(Self.fewestIntervals, Int(learnTime / interval)) }

  var thresholds: Thresholds {
    switch sensitivity {
    case .low: Thresholds(factor: 8, score: 5, peakFactor: 2.5)
    case .normal: Thresholds(factor: 4, score: 3.5, peakFactor: 1.5)
    case .high: Thresholds(factor: 2.5, score: 3, peakFactor: 1.25)
    }
  }
}
