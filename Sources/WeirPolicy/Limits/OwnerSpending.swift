/// What one owner has spent and reserved; a value. Amounts are integers, so that nothing drifts.
struct OwnerSpending: Sendable, Equatable {
  /// Money and tokens.
  struct Amount: Sendable, Equatable {
    var usd = NanoUSD.zero
    var tokens: Int64 = 0

    static func + (left: Amount, right: Amount) -> Amount {
      Amount(usd: left.usd + right.usd, tokens: left.tokens.addingSaturating(right.tokens))
    }
  }

  /// What was spent since a period's start.
  struct Tally: Sendable, Equatable {
    /// Seconds since 1970.
    var start: Int64 = 0
    var spent = Amount()
  }

  /// Of the requests in flight, whatever period they began in.
  private(set) var reserved = Amount()
  private var day = Tally()
  private var month = Tally()

  /// What counts for a period at a time: a new period begins with nothing, and a clock that jumped back stays in the
  /// later period, so that nothing is ever un-spent.
  func tally(_ period: BudgetRule.Period, at wall: Int64) -> Tally {
    let kept = kept(period)
    let start = BudgetCalendar.start(of: period, at: wall)
    return start > kept.start ? Tally(start: start) : kept
  }

  /// What was last noted, however long ago.
  func kept(_ period: BudgetRule.Period) -> Tally {
    switch period {
    case .day: day
    case .month: month
    }
  }

  /// When the last period began in which anything was spent; 0 where nothing was.
  var latestStart: Int64 { max(day.start, month.start) }

  mutating func reserve(_ amount: Amount) { reserved = reserved + amount }

  mutating func unreserve(_ amount: Amount) {
    reserved = Amount(
      usd: NanoUSD(max(reserved.usd.value - amount.usd.value, 0)), tokens: max(reserved.tokens - amount.tokens, 0))
  }

  mutating func spend(_ amount: Amount, at wall: Int64) {
    day = tally(.day, at: wall)
    day.spent = day.spent + amount
    month = tally(.month, at: wall)
    month.spent = month.spent + amount
  }

  /// Takes over what was saved. Of two periods the later one holds, of the same one the larger amounts, so that
  /// restoring twice changes nothing and nothing is un-spent.
  mutating func restore(_ saved: Tally, _ period: BudgetRule.Period) {
    let known = kept(period)
    var merged = saved
    if saved.start < known.start { return }
    if saved.start == known.start {
      merged.spent = Amount(
        usd: max(saved.spent.usd, known.spent.usd), tokens: max(saved.spent.tokens, known.spent.tokens))
    }
    put(merged, period)
  }

  /// Adds what somebody else spent. Of a period that is over it counts nothing, as it would have here.
  mutating func add(_ other: Tally, _ period: BudgetRule.Period) {
    let known = kept(period)
    if other.start < known.start { return }
    var sum = other
    if other.start == known.start { sum.spent = known.spent + other.spent }
    put(sum, period)
  }

  private mutating func put(_ tally: Tally, _ period: BudgetRule.Period) {
    switch period {
    case .day: day = tally
    case .month: month = tally
    }
  }
}
