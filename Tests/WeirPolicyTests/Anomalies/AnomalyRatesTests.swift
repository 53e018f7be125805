import Testing

@testable import WeirPolicy

/// What the reference page says of false alarms and detection (AuditAndAnomalies.md), with a margin; seeded, so that the
/// numbers are the same each time.
@Suite("How often the watch is wrong")
struct AnomalyRatesTests {
  private static let minute: Int64 = 60_000_000_000
  private static let policy = AnomalyPolicy()

  @Test("is at most the stated number of false alarms in a client's day", arguments: SimulatedTraffic.Shape.allCases)
  func falseAlarms(shape: SimulatedTraffic.Shape) {
    let (clients, days) = (2, 4)
    var alarms = 0
    for client in 0..<clients {
      var traffic = SimulatedTraffic(shape, seed: UInt64(client + 1))
      var watch = ClientWatch(client: "app", now: 0)
      for minute in 0..<(days * 1440) {
        watch.add(traffic.traffic(minute: minute), now: Int64(minute) * Self.minute)
        alarms += watch.close(Self.policy, now: Int64(minute) * Self.minute).count
      }
    }
    let stated = shape == .bursty ? 0.5 : 0.13
    #expect(Double(alarms) / Double(clients * days) <= stated, "\(shape): \(alarms)")
  }

  /// Half an hour of each attack, on the third day at noon, and the share that is found.
  @Test(
    "finds the stated share of attacks",
    arguments: [
      (SimulatedTraffic.Shape.steady, SimulatedTraffic.Attack.leakedKey, 0.9),
      (.steady, .bloatedPrompts, 0.9), (.steady, .retryStorm, 0.9), (.steady, .dearModel, 0.6),
      (.diurnal, .leakedKey, 0.9), (.diurnal, .bloatedPrompts, 0.9), (.diurnal, .retryStorm, 0.9),
      (.diurnal, .dearModel, 0.9), (.officeHours, .leakedKey, 0.9), (.officeHours, .retryStorm, 0.9),
      (.bursty, .bloatedPrompts, 0.9), (.bursty, .retryStorm, 0.9), (.bursty, .leakedKey, 0.2),
    ])
  func detection(shape: SimulatedTraffic.Shape, attack: SimulatedTraffic.Attack, share: Double) {
    let clients = 5
    var found = 0
    for client in 0..<clients {
      var traffic = SimulatedTraffic(shape, seed: UInt64(1000 + client))
      var watch = ClientWatch(client: "app", now: 0)
      let start = 1440 + 600 + client * 72
      for minute in 0..<(start + 30) {
        watch.add(
          traffic.traffic(minute: minute, attack: minute < start ? nil : attack), now: Int64(minute) * Self.minute)
        if !watch.close(Self.policy, now: Int64(minute) * Self.minute).isEmpty, minute >= start {
          found += 1
          break
        }
      }
    }
    #expect(Double(found) / Double(clients) >= share, "\(shape), \(attack): \(found) of \(clients)")
  }
}
