import Testing

@testable import WeirProxy

@Suite("The ring of past seconds")
struct StatusRingTests {
  private func ring(_ seconds: Int64..., step: Int64 = 1, count: Int = 10) -> StatusRing {
    var ring = StatusRing(stepSeconds: step, count: count)
    for second in seconds { ring.add(.made(), second: second) }
    return ring
  }

  @Test("sums a range of seconds, the first included and the last not")
  func range() {
    let ring = ring(100, 101, 101, 102, 103)
    #expect(ring.total(101..<103).requests == 3)
    #expect(ring.total(0..<1000).requests == 5)
    #expect(ring.total(104..<110).requests == 0)
  }

  @Test("forgets a second when its place is taken")
  func overwriting() {
    let ring = ring(100, 100, 110)
    #expect(ring.total(100..<101).requests == 0)
    #expect(ring.total(110..<111).requests == 1)
  }

  @Test("takes seconds in any order, before 1970 too, and after a clock was set back")
  func order() {
    #expect(ring(101, 100, 101).total(100..<102).requests == 3)
    #expect(ring(-1, -2, -10).total(-10..<0).requests == 3)
    #expect(ring(500, 0).total(0..<1).requests == 1)
  }

  @Test("groups seconds, the oldest group first")
  func series() {
    let groups = ring(100, 101, 104, 105, 109).series(groupSeconds: 5, count: 2, end: 110)
    #expect(groups.map(\.requests) == [3, 2])
    let later = ring(100, 101, 104, 105, 109).series(groupSeconds: 5, count: 2, end: 115)
    #expect(later.map(\.requests) == [2, 0])
  }

  @Test("of minutes keeps whole minutes")
  func minutes() {
    let ring = ring(59, 60, 119, 120, step: 60)
    #expect(ring.series(groupSeconds: 60, count: 3, end: 180).map(\.requests) == [1, 2, 1])
  }

  @Test("divides rounding down", arguments: [(7, 2, 1), (-7, -3, 2), (-6, -2, 0), (0, 0, 0)])
  func floor(value: Int, quotient: Int, remainder: Int) {
    #expect(Int64(value).flooredQuotient(3) == Int64(quotient))
    #expect(Int64(value).flooredRemainder(3) == Int64(remainder))
  }
}
