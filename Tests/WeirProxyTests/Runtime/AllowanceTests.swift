import Synchronization
import Testing

@testable import WeirProxy

@Suite("An allowance")
struct AllowanceTests {
  @Test("is taken whole or not at all")
  func wholeOrNothing() {
    let allowance = Allowance(bound: 10)
    #expect(allowance.take(7))
    #expect(!allowance.take(4))
    #expect(allowance.inUse == 7)
    #expect(allowance.take(3))
    #expect(!allowance.take())
    allowance.giveBack(5)
    #expect(allowance.inUse == 5)
    #expect(allowance.take(5))
  }

  @Test("of nothing gives nothing but nothing")
  func nothing() {
    let allowance = Allowance(bound: 0)
    #expect(!allowance.take())
    #expect(allowance.take(0))
    #expect(allowance.inUse == 0)
  }

  @Test("refuses what no bound could hold")
  func huge() {
    let allowance = Allowance(bound: 10)
    #expect(!allowance.take(.max))
    #expect(allowance.inUse == 0)
  }

  @Test("counts what exists already beyond its bound, and refuses until that is gone")
  func counted() {
    let allowance = Allowance(bound: 1)
    allowance.count(3)
    #expect(allowance.inUse == 3)
    #expect(!allowance.take())
    allowance.giveBack(3)
    #expect(allowance.take())
  }

  @Test("may get another bound; what is over it is let finish")
  func rebound() {
    let allowance = Allowance(bound: 5)
    #expect(allowance.take(5))
    allowance.setBound(2)
    #expect(!allowance.take())
    allowance.giveBack(3)
    #expect(!allowance.take())
    allowance.giveBack(1)
    #expect(allowance.take())
    allowance.setBound(100)
    #expect(allowance.take(98))
    #expect(!allowance.take())
  }

  @Test("is never exceeded by many threads, and is whole again in the end")
  func threads() async {
    let bound = 10
    let allowance = Allowance(bound: bound)
    let seen = Seen()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<5000 {
            let count = 1 + (task + round) % 4
            guard allowance.take(count) else { continue }
            seen.took(count)
            seen.gives(count)
            allowance.giveBack(count)
          }
        }
      }
    }
    #expect(allowance.inUse == 0)
    #expect((1...bound).contains(seen.most))
    #expect(allowance.take(bound))
  }

  /// What all threads together held.
  private final class Seen: Sendable {
    private let held = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)

    var most: Int { highest.load(ordering: .relaxed) }

    func took(_ count: Int) {
      highest.max(held.add(count, ordering: .sequentiallyConsistent).newValue, ordering: .relaxed)
    }

    func gives(_ count: Int) { held.subtract(count, ordering: .sequentiallyConsistent) }
  }
}
