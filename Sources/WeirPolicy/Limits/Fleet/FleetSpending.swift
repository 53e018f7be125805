/// What the store says of an owner: all that the fleet has spent, and what its requests in flight hold. A value.
struct FleetSpending: Sendable, Equatable {
  var day = OwnerSpending.Tally()
  var month = OwnerSpending.Tally()
  var reserved = OwnerSpending.Amount()

  init() {}

  /// The eight numbers of an answer; nil where they are not there, or below zero.
  init?(_ numbers: inout FleetNumbers) {
    func tally(_ numbers: inout FleetNumbers) -> OwnerSpending.Tally? {
      guard let start = numbers.next(), let usd = numbers.next(), let tokens = numbers.next(),
        min(start, usd, tokens) >= 0, start <= BudgetCalendar.latest
      else { return nil }
      return OwnerSpending.Tally(start: start, spent: OwnerSpending.Amount(usd: NanoUSD(usd), tokens: tokens))
    }
    guard let day = tally(&numbers), let month = tally(&numbers), let usd = numbers.next(), let tokens = numbers.next(),
      min(usd, tokens) >= 0
    else { return nil }
    self.day = day
    self.month = month
    reserved = OwnerSpending.Amount(usd: NanoUSD(usd), tokens: tokens)
  }

  func tally(_ period: BudgetRule.Period) -> OwnerSpending.Tally {
    switch period {
    case .day: day
    case .month: month
    }
  }
}
