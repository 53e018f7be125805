import Glibc
import Testing

@testable import WeirPolicy

@Suite("A simulated fleet")
struct FleetSimulationTests {
  private let rule = LimitRule(
    name: "rpm", unit: .requests, perMinute: 60_000, burst: 2000, scope: LimitScope(per: [.client]))

  /// What permits taken ahead may add: what drains while they are out, and those out at one time.
  private func bound(_ fleet: SimulatedFleet) -> Double {
    let lifetime = Double(PermitTable.lifetime) / 1e9 + 1
    let ahead = Double(fleet.sidecars * fleet.rule.burst * fleet.leasePercent) / 100
    let drained = Double(fleet.rule.perMinute) / 60 * lifetime
    return fleet.leasePercent == 0 ? 0 : drained + min(ahead, Double(fleet.rule.burst) + drained)
  }

  @Test("lets nothing over the limit where nothing is taken ahead, however many ask", arguments: [1, 7])
  func exact(seed: UInt64) throws {
    let fleet = SimulatedFleet(
      sidecars: 20, rule: rule, leasePercent: 0, requestsPerSecond: 3000, seconds: 2)
    let outcome = try fleet.run(seed: seed)
    #expect(outcome.excess <= 0)
    #expect(outcome.passed > 3900, "and lets through what may")
    #expect(outcome.refused > 1500)
  }

  @Test("goes over the limit by no more than is said where permits are taken ahead", arguments: [1, 5, 20])
  func leases(percent: Int) throws {
    let fleet = SimulatedFleet(
      sidecars: 20, rule: rule, leasePercent: percent, requestsPerSecond: 3000, seconds: 2)
    let outcome = try fleet.run(seed: UInt64(percent))
    #expect(outcome.excess <= bound(fleet))
    #expect(outcome.refused > 500)
  }

  @Test("asks the store far less often with permits than without")
  func load() throws {
    func run(_ percent: Int) throws -> SimulatedFleet.Outcome {
      try SimulatedFleet(
        sidecars: 10, rule: rule, leasePercent: percent, requestsPerSecond: 600, seconds: 3
      ).run(seed: 3)
    }
    let (without, with) = (try run(0), try run(10))
    #expect(without.storeCallsPerSidecarAndSecond > 55)
    #expect(with.storeCallsPerSidecarAndSecond < 20)
    #expect(with.requestsThatWaited < with.passed / 4)
    #expect(with.refused == 0)
  }

  /// `WEIR_SIMULATED_SIDECARS=1000 swift test --filter FleetSimulationTests` prints what the documentation says.
  @Test("tells what a large fleet does", .enabled(if: FleetSimulationTests.size > 0))
  func large() throws {
    let sidecars = FleetSimulationTests.size
    for share in [0.5, 1.5] {
      for percent in [0, 1, 5, 20] {
        let rule = LimitRule(
          name: "rpm", unit: .requests, perMinute: 600_000, burst: 20_000,
          scope: LimitScope(per: [.client]))
        let fleet = SimulatedFleet(
          sidecars: sidecars, rule: rule, leasePercent: percent, requestsPerSecond: 10_000 * share, seconds: 12)
        let outcome = try fleet.run(seed: 1)
        print("\(sidecars) sidecars, \(share) of the limit asked, \(percent) % ahead: \(outcome)")
        #expect(outcome.excess <= bound(fleet))
      }
    }
  }

  private static let size = unsafe getenv("WEIR_SIMULATED_SIDECARS").flatMap { unsafe Int(String(cString: $0)) } ?? 0
}
