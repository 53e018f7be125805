/// What a request does that found nothing in its own process's cache, once it has asked the fleet's: a value that a
/// clock made up can drive.
///
/// The store either has a reply, or gives the lease for bringing it, or says that another sidecar has the lease. For
/// that one's reply the request waits, asking now and then, up to a bound; whoever holds a lease extends it while it
/// works, so that a sidecar that died is found out soon. Whatever goes wrong, the request asks the upstream itself.
public struct FleetLookup: Sendable {
  /// What the store said.
  public enum Answer: Sendable, Equatable {
    /// It has a reply that can be used.
    case kept
    /// This request is to bring it, and the others wait for that.
    case lease
    /// Another sidecar brings it.
    case held
    /// Nothing that can be used, and nobody to wait for.
    case nothing
    /// No answer in time, or an error.
    case failed
  }

  /// What to do next.
  public enum Step: Sendable, Equatable {
    /// The reply answers the request.
    case answer
    /// Ask the upstream, and keep the lease until that is over.
    case lead
    /// Ask the upstream, without a lease.
    case proceed
    /// Ask the store again after so many nanoseconds.
    case wait(Int64)
  }

  /// Nanoseconds before the first time that it asks again; doubled each time.
  static let firstWait: Int64 = 10_000_000
  /// Nanoseconds between two times at most.
  static let longestWait: Int64 = 100_000_000
  /// How long a request waits for another sidecar's reply, in nanoseconds.
  public static let patience: Int64 = 30_000_000_000
  /// The same for a stream, whose client may expect its first words long before its last.
  public static let streamPatience: Int64 = 15_000_000_000

  private let givesUpAt: Int64
  private var wait = Self.firstWait
  /// Whether it has waited for another sidecar.
  public private(set) var hasWaited = false

  /// - Parameters:
  ///   - patience: nanoseconds that it waits for another sidecar; 0 does not wait.
  ///   - now: nanoseconds of the monotonic clock.
  public init(patience: Int64, now: Int64) {
    let (sum, overflows) = now.addingReportingOverflow(max(patience, 0))
    givesUpAt = patience <= 0 ? .min : overflows ? .max : sum
  }

  /// - Parameter random: spreads those that wait, so that they do not ask all at once.
  public mutating func next(_ answer: Answer, now: Int64, random: UInt64) -> Step {
    switch answer {
    case .kept: return .answer
    case .lease: return .lead
    case .nothing, .failed: return .proceed
    case .held:
      guard now < givesUpAt else { return .proceed }
      hasWaited = true
      let base = wait
      wait = min(wait * 2, Self.longestWait)
      // Between three quarters of it and all of it.
      return .wait(base - Int64(random % UInt64(base / 4)))
    }
  }
}
