import Testing
import WeirPolicy

@Suite("A look into the fleet's cache")
struct FleetLookupTests {
  private func look(patience: Int64 = FleetLookup.patience) -> FleetLookup {
    FleetLookup(patience: patience, now: seconds(10))
  }

  @Test(
    "ends at once but where another sidecar has the lease",
    arguments: [
      (FleetLookup.Answer.kept, FleetLookup.Step.answer), (.lease, .lead), (.nothing, .proceed), (.failed, .proceed),
    ])
  func atOnce(answer: FleetLookup.Answer, step: FleetLookup.Step) {
    var look = look()
    #expect(look.next(answer, now: seconds(10), random: 0) == step && !look.hasWaited)
  }

  @Test("asks again ever more slowly, to a bound, and not all at the same time")
  func waits() {
    var (calm, spread) = (look(), look())
    var waits: [Int64] = []
    for round in 0..<8 {
      guard case .wait(let wait) = calm.next(.held, now: seconds(10), random: 0),
        case .wait(let other) = spread.next(.held, now: seconds(10), random: .max - UInt64(round))
      else { return #expect(waits.count == 8, "it waits each time") }
      #expect(other <= wait && other >= wait - wait / 4)
      waits.append(wait / 1_000_000)
    }
    #expect(waits == [10, 20, 40, 80, 100, 100, 100, 100])
    #expect(calm.hasWaited)
  }

  @Test("waits no longer than it has patience, and not at all where it may not")
  func patience() {
    for patience in [FleetLookup.patience, FleetLookup.streamPatience, 1] {
      var look = look(patience: patience)
      #expect(look.next(.held, now: seconds(10) + patience - 1, random: 0) != .proceed)
      #expect(look.next(.held, now: seconds(10) + patience, random: 0) == .proceed)
    }
    for patience: Int64 in [0, -1, .min] {
      var hasty = look(patience: patience)
      #expect(hasty.next(.held, now: .min, random: 0) == .proceed)
    }
    var late = FleetLookup(patience: FleetLookup.patience, now: .max)
    #expect(late.next(.held, now: .max, random: 0) == .proceed)
  }

  @Test("takes the reply, or the lease of one that died, after it has waited")
  func after() {
    for (answer, step) in [(FleetLookup.Answer.kept, FleetLookup.Step.answer), (.lease, .lead)] {
      var look = look()
      _ = look.next(.held, now: seconds(10), random: 3)
      #expect(look.next(answer, now: seconds(11), random: 0) == step && look.hasWaited)
    }
  }
}
