import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("Changes of rollouts that the process before wrote")
struct InheritedFlipsTests {
  private func flip(_ name: String, _ percent: Int, at when: Int64) -> FlipRecord {
    FlipRecord(rollout: name, change: .percent(from: 0, to: percent), who: "w", when: when)
  }

  @Test("are what the file has more, other or less than it had, and none where nobody changed it")
  func news() {
    let (a, b, c) = (flip("a", 1, at: 1), flip("b", 2, at: 2), flip("c", 3, at: 3))
    var inherited = InheritedFlips([a, b])
    #expect(inherited.news(in: [a, b], besides: [a, b]).isEmpty)
    let later = flip("a", 9, at: 4)
    #expect(inherited.news(in: [later, c], besides: [a, b]) == ["a": [later], "b": [], "c": [c]])
    #expect(inherited.news(in: [later, c], besides: [later, c]).isEmpty, "each is told once")
  }

  @Test("give way to what was changed here later, and go before what was changed here earlier")
  func both() {
    let old = flip("a", 1, at: 1)
    for (theirs, mine, expected) in [(5, 6, nil), (7, 6, 5)] as [(Int64, Int64, Int?)] {
      var inherited = InheritedFlips([old])
      let news = inherited.news(in: [flip("a", 5, at: theirs)], besides: [flip("a", 6, at: mine)])
      #expect(news == (expected == nil ? [:] : ["a": [flip("a", 5, at: theirs)]]))
    }
    var inherited = InheritedFlips([old])
    #expect(inherited.news(in: [], besides: [flip("a", 6, at: 3)]).isEmpty, "a reset that nobody can date")
    var own = InheritedFlips([])
    #expect(own.news(in: [flip("b", 1, at: 9)], besides: [flip("b", 1, at: 9)]).isEmpty, "written here")
  }
}
