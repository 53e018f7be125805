/// How long each phase of an upstream request may take.
public struct PhaseTimeouts: Sendable, Equatable {
  /// Name look-up, connection and TLS, in nanoseconds.
  public var connect: Int64
  /// From the start to the first byte of the reply's head, in nanoseconds.
  public var firstByte: Int64
  /// Between two reads of the reply, in nanoseconds; not counted while the receiver holds the transfer.
  public var idle: Int64
  /// From start to end, in nanoseconds.
  public var total: Int64

  /// All four, in nanoseconds.
  public init(connect: Int64, firstByte: Int64, idle: Int64, total: Int64) {
    self.connect = connect
    self.firstByte = firstByte
    self.idle = idle
    self.total = total
  }

  /// All four as durations.
  public init(connect: Duration, firstByte: Duration, idle: Duration, total: Duration) {
    self.init(
      connect: connect.nanoseconds, firstByte: firstByte.nanoseconds, idle: idle.nanoseconds,
      total: total.nanoseconds)
  }

  /// How often deadlines need a look, in nanoseconds, so that none is missed by more than a tenth of itself.
  var sweepInterval: Int64 { Self.sweepInterval(of: min(firstByte, idle, total)) }

  /// The same for one deadline alone.
  static func sweepInterval(of timeout: Int64) -> Int64 { min(max(timeout / 10, 10_000_000), 1_000_000_000) }
}

/// The clock side of one transfer: a value told what happened and when, that says which time-out is due.
struct PhaseClock {
  private let timeouts: PhaseTimeouts
  private let started: Int64
  private var lastActivity: Int64
  private var headReceived = false
  private var isHeld = false

  init(timeouts: PhaseTimeouts, now: Int64) {
    self.timeouts = timeouts
    started = now
    lastActivity = now
  }

  /// A byte of the reply or of the request's body moved.
  mutating func activity(now: Int64) { lastActivity = now }

  /// The final head arrived.
  mutating func head(now: Int64) {
    headReceived = true
    lastActivity = now
  }

  /// The receiver holds the reply back, or takes it again.
  mutating func held(_ held: Bool, now: Int64) {
    isHeld = held
    lastActivity = now
  }

  /// The time-out that has passed at `now`, if any.
  func due(now: Int64) -> TransferFailure? {
    if now - started >= timeouts.total {
      return TransferFailure(kind: .totalTimeout, reason: "the exchange took longer than its total time-out")
    }
    // While the request's body is still going out, its progress counts as activity.
    if !headReceived, now - max(started, lastActivity) >= timeouts.firstByte {
      return TransferFailure(kind: .firstByteTimeout, reason: "no reply came within the first-byte time-out")
    }
    if headReceived, !isHeld, now - lastActivity >= timeouts.idle {
      return TransferFailure(kind: .idleTimeout, reason: "the reply paused for longer than the idle time-out")
    }
    return nil
  }
}
