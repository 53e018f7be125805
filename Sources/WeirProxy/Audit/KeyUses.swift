import Synchronization

/// Which client's key was seen from which address on which day, so that the audit log tells of a key's use once and not
/// with each request. Any thread may use it; touched only where there is an audit log.
final class KeyUses: Sendable {
  private struct State {
    /// Days since 1970, by client.
    var days: [String: Int64] = [:]
    /// By client.
    var addresses: [String: Set<String>] = [:]
    var count = 0
  }

  /// Why a use is worth a line.
  enum Reason: String {
    case newAddress = "new_address"
    case firstOfDay = "first_of_day"
  }

  /// Addresses beyond these make the memory start afresh.
  private static let maximumAddresses = 50_000

  private let state = Mutex(State())

  /// - Parameter wall: seconds since 1970.
  /// - Returns: nil where it was told already.
  func note(client: String, peer: String, wall: Int64) -> Reason? {
    state.withLock { state in
      let day = wall / 86_400
      let isNewDay = state.days[client] != day
      let isKnown = state.addresses[client]?.contains(peer) == true
      if isKnown, !isNewDay { return nil }
      state.days[client] = day
      guard !isKnown else { return .firstOfDay }
      if state.count >= Self.maximumAddresses {
        state.addresses = [:]
        state.count = 0
      }
      state.addresses[client, default: []].insert(peer)
      state.count += 1
      return .newAddress
    }
  }
}
