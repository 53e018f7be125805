import NIOCore
import WeirPolicy
import WeirUpstream

// What passed this process's limits and budgets is asked of the store that sidecars share: the one wait between the
// request's admission and its first attempt.
extension LiveExchange {
  /// Whether the request waits for the store's answer, and goes on by itself.
  func waitsForFleet() throws(Refusal) -> Bool {
    guard let fleet = loop.state.fleetLimits else { return false }
    let step = try RequestPath.askFleet(
      exchange, lease: &lease, isUp: fleet.isUp, now: loop.now, wall: WallClock.wholeSeconds())
    switch step {
    case .goesOn: return false
    case .renews(let renewal):
      fleet.renew(renewal, now: loop.now)
      return false
    case .asks(let call):
      awaitsFleet = true
      let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
      let eventLoop = loop.eventLoop
      fleet.ask(call) { answer in
        eventLoop.execute { bound.value.fleetAnswered(answer) }
      }
      return true
    }
  }

  private func fleetAnswered(_ answer: FleetAnswer) {
    guard awaitsFleet, !isOver else { return }
    awaitsFleet = false
    do throws(Refusal) {
      try RequestPath.fleetAnswered(
        exchange, answer, lease: &lease, now: loop.now, wall: WallClock.wholeSeconds())
      try proceed()
    } catch {
      refuse(error)
    }
    connection.goesOn(self)
  }

  /// Limits and budgets let the request pass: it is answered, or goes upstream.
  func proceed() throws(Refusal) {
    guard envelope != nil, case .whole(let body) = outgoing else {
      if !answersModels() { attempt(from: 0) }
      return
    }
    if try !answersFromCache(body) { attempt(from: 0) }
  }
}
