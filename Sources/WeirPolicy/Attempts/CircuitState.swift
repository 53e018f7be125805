/// What a circuit is kept for: an upstream, and the model as it is sent there.
public struct CircuitKey: Sendable, Hashable {
  /// What headers and metrics call the upstream.
  public let upstream: String
  /// Empty for requests that name no model.
  public let model: String
  /// Worked out once: plans are made with the configuration, and their keys are looked up twice a request.
  private let hash: Int

  /// Names a circuit.
  public init(upstream: String, model: String) {
    self.upstream = upstream
    self.model = model
    var hasher = Hasher()
    hasher.combine(upstream)
    hasher.combine(model)
    hash = hasher.finalize()
  }

  /// Takes the hash that was worked out.
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// Whether an upstream's model is asked; the raw values are those of `weir_circuit_state`.
public enum CircuitState: Int, Sendable {
  /// It is.
  case closed = 0
  /// One request at a time finds out whether it works again.
  case halfOpen = 1
  /// It is not.
  case open = 2

  /// What logs and `/health` call it.
  public var label: String {
    switch self {
    case .closed: "closed"
    case .halfOpen: "half_open"
    case .open: "open"
    }
  }
}

/// What one attempt says of its upstream's health.
public enum CircuitOutcome: Sendable, Equatable {
  /// It works, though what it said may have been an error of the client's.
  case success
  /// It does not.
  case failure
  /// It works, more slowly than it may.
  case slow
  /// Nothing: it asked for a pause, or weir itself failed.
  case unknown
}

/// A circuit that went from one state to another, for the log.
public struct CircuitChange: Sendable, Equatable {
  /// Which.
  public let key: CircuitKey
  /// The state it was in.
  public let from: CircuitState
  /// The state it is in.
  public let to: CircuitState
  /// Why.
  public let reason: Reason

  /// Why a circuit changes; the raw values are for the log.
  public enum Reason: String, Sendable {
    /// As many failures in a row as open it.
    case consecutiveFailures = "consecutive_failures"
    /// Too large a share of the window failed.
    case failureRate = "failure_rate"
    /// One of both, and the last call was slow.
    case slowCalls = "slow_calls"
    /// It was open long enough.
    case openTimeOver = "open_time_over"
    /// The probe failed.
    case probeFailed = "probe_failed"
    /// As many probes in a row succeeded as close it.
    case probeSucceeded = "probe_succeeded"
    /// A new configuration has no circuits.
    case switchedOff = "switched_off"
    /// Another sidecar has found out.
    case fleet
  }
}

/// Why an upstream's model is not asked now.
public enum CircuitRest: Sendable, Equatable {
  /// It failed too often. A probe may go at this moment, unless another goes first.
  case open(until: Int64)
  /// It asked to be left alone until this moment.
  case paused(until: Int64)

  /// When it may be asked again, in nanoseconds of the clock that it was asked with.
  public var until: Int64 {
    switch self {
    case .open(let until), .paused(let until): until
    }
  }
}

/// Whether a request may go to an upstream's model.
public enum CircuitAdmission: Sendable, Equatable {
  /// It may.
  case allowed
  /// It may, and all others wait for what it finds; the change is the first probe's, from open to half-open.
  case probe(CircuitChange?)
  /// It may not.
  case resting(CircuitRest)
}

/// One circuit, for metrics and `/health`.
public struct CircuitReading: Sendable, Equatable {
  /// Which.
  public let key: CircuitKey
  /// Whether it is asked.
  public let state: CircuitState
  /// Nanoseconds until a probe may go; nil unless open.
  public let opensFor: Int64?
  /// Nanoseconds that remain of a pause that the upstream asked for; nil without one.
  public let pausedFor: Int64?
}
