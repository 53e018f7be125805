/// What one owner has spent in one period, as it is saved over restarts.
public struct SavedSpending: Sendable, Equatable {
  /// Whose spending; nil is everyone's together.
  public var client: String?
  /// Day or month, of UTC.
  public var period: BudgetRule.Period
  /// When the period began, in seconds since 1970.
  public var start: Int64
  /// Billionths of a US dollar.
  public var nanoUSD: Int64
  /// Input and output tokens together.
  public var tokens: Int64

  /// Describes spending.
  public init(client: String?, period: BudgetRule.Period, start: Int64, nanoUSD: Int64, tokens: Int64) {
    self.client = client
    self.period = period
    self.start = start
    self.nanoUSD = nanoUSD
    self.tokens = tokens
  }
}

extension SavedSpending {
  /// What was spent between two savings of one book: `after` less `before`, entries without a difference left out. A period
  /// that began since counts whole.
  public static func difference(_ after: [SavedSpending], since before: [SavedSpending]) -> [SavedSpending] {
    let known = Dictionary(before.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
    return after.compactMap { entry in
      guard let old = known[entry.place] else { return entry }
      var rest = entry
      // Amounts of a book are never below zero, so nothing overflows.
      rest.nanoUSD = max(entry.nanoUSD &- old.nanoUSD, 0)
      rest.tokens = max(entry.tokens &- old.tokens, 0)
      return rest.nanoUSD == 0 && rest.tokens == 0 ? nil : rest
    }
  }

  /// One entry for each owner and period, in the order of their first ones; sums that are too large stay at the largest.
  static func sums(_ entries: [SavedSpending]) -> [SavedSpending] {
    var sums: [SavedSpending] = []
    var indices: [Place: Int] = [:]
    for entry in entries {
      guard let index = indices[entry.place] else {
        indices[entry.place] = sums.count
        sums.append(entry)
        continue
      }
      sums[index].nanoUSD = saturating(sums[index].nanoUSD, entry.nanoUSD)
      sums[index].tokens = saturating(sums[index].tokens, entry.tokens)
    }
    return sums
  }

  private static func saturating(_ one: Int64, _ other: Int64) -> Int64 {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? .max : sum
  }

  private struct Place: Hashable {
    let client: String?
    let period: BudgetRule.Period
    let start: Int64
  }

  private var place: Place { Place(client: client, period: period, start: start) }
}
