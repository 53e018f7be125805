/// Has what a request took of limits and budgets hold for all sidecars that share a store.
enum AskFleet {
  /// - Throws: the refusal of this sidecar's share, where the store is away; then nothing is held.
  static func ask(
    _ exchange: Exchange, lease: inout LimitLease?, isUp: Bool, now: Int64, wall: Int64
  ) throws(Refusal) -> FleetStep {
    do throws(Refusal) {
      let step = try lease?.askFleet(isUp: isUp, now: now, wall: wall) ?? .goesOn
      note(lease, in: exchange)
      return step
    } catch {
      // Nothing is left to be settled.
      lease = nil
      throw error
    }
  }

  /// - Throws: the store's refusal, or that of this sidecar's share; then nothing is held.
  static func take(
    _ answer: FleetAnswer, _ exchange: Exchange, lease: inout LimitLease?, now: Int64, wall: Int64
  ) throws(Refusal) {
    do throws(Refusal) {
      try lease?.fleetAnswered(answer, now: now, wall: wall)
      note(lease, in: exchange)
    } catch {
      lease = nil
      throw error
    }
  }

  private static func note(_ lease: borrowing LimitLease?, in exchange: Exchange) {
    switch lease {
    case .some(let lease):
      exchange.rateLimits = lease.rateLimits
      exchange.usedUpBudgets = lease.softBudgetsUsedUp
    case .none: return
    }
  }
}
