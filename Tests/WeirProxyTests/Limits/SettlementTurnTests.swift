import Testing

@testable import WeirProxy

@Suite("The turn to tell settlements")
struct SettlementTurnTests {
  @Test("is one caller's until it ends")
  func one() {
    let turn = SettlementTurn()
    #expect(turn.begin())
    #expect(!turn.begin())
    turn.stop()
    #expect(turn.begin(), "what failed is told again when somebody asks")
  }

  @Test("does not end while somebody has come with more, whose look for the turn was too early")
  func gap() {
    let turn = SettlementTurn()
    #expect(turn.begin())
    // The last look found nothing; before the turn ends, a settlement is noted.
    #expect(!turn.begin())
    #expect(turn.end(), "it is looked for")
    #expect(!turn.end())
    #expect(turn.begin())
    #expect(!turn.end(), "nothing came up")
  }

  @Test("asks for one look more, however many came")
  func many() {
    let turn = SettlementTurn()
    #expect(turn.begin())
    for _ in 0..<3 { #expect(!turn.begin()) }
    #expect(turn.end())
    #expect(!turn.end())
  }
}
