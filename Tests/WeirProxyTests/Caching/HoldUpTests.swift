import Testing

@testable import WeirProxy

@Suite("How long others wait for a slow client")
struct HoldUpTests {
  private static let look: Int64 = 250_000_000

  /// After how many looks the client has to go; nil where it may stay for all of these.
  private func looks(_ count: Int, _ told: (Int) -> (isSlowing: Bool, place: Int?)) -> Int? {
    var holdUp = HoldUp()
    for number in 0..<count {
      let (isSlowing, place) = told(number)
      if holdUp.look(isSlowing: isSlowing, place: place, now: 1_000 + Int64(number) * Self.look) { return number }
    }
    return nil
  }

  @Test("is five seconds without a byte, counted anew with each")
  func stalled() {
    #expect(looks(100) { _ in (true, 7) } == 20)
    #expect(looks(100) { $0 == 18 ? (false, nil) : (true, 7) } == 39)
    #expect(looks(110) { (true, $0 / 19) } == nil, "it moves on")
  }

  @Test("is thirty seconds in all, however steadily it takes a little, and only while somebody waits")
  func slow() {
    #expect(looks(1000) { (true, $0) } == 120)
    #expect(looks(1000) { _ in (true, nil) } == 120, "at each look it has taken just enough")
    #expect(looks(1000) { ($0 % 2 == 0, nil) } == 240)
    #expect(looks(1000) { _ in (false, nil) } == nil)
    #expect(looks(1000) { $0 < 119 ? (true, nil) : (false, $0) } == nil)
  }

  @Test("does not count the time in which this process stood still", arguments: [7, nil])
  func frozen(place: Int?) {
    var holdUp = HoldUp()
    func hasToGo(after seconds: Int64) -> Bool {
      holdUp.look(isSlowing: true, place: place, now: seconds * 1_000_000_000)
    }
    #expect(!hasToGo(after: 0))
    #expect(!hasToGo(after: 40))
    #expect(!hasToGo(after: 80))
    #expect((81...200).contains { hasToGo(after: $0) }, "it goes on from there")
  }

  @Test("does not count the time without others")
  func alone() {
    for place in [7, nil] {
      var holdUp = HoldUp()
      func hasToGo(after seconds: Int64) -> Bool {
        holdUp.look(isSlowing: true, place: place, now: seconds * 1_000_000_000)
      }
      #expect(!hasToGo(after: 0))
      holdUp.isAlone()
      #expect(!hasToGo(after: 40))
      #expect(!hasToGo(after: 44))
    }
  }
}
