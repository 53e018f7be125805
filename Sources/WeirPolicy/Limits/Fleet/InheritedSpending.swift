/// What a process that hands over had yet to tell the store when this one began, and tells it itself until its end. It counts
/// here like all that was spent, but this process does not tell it as something that it knows: the store would have it twice.
struct InheritedSpending: Sendable {
  private(set) var entries: [SavedSpending] = []
  private var amounts: [String?: OwnerSpending.Amount] = [:]

  /// Of an owner, over all days.
  func amount(_ owner: String?) -> OwnerSpending.Amount { amounts[owner] ?? OwnerSpending.Amount() }

  mutating func add(_ untold: [SavedSpending]) { set(entries + untold) }

  /// The process has ended, and left this for good.
  ///
  /// - Returns: what of it is new here.
  mutating func take(_ left: [SavedSpending]) -> [SavedSpending] {
    defer { set(SavedSpending.difference(entries, since: left)) }
    return SavedSpending.difference(left, since: entries)
  }

  private mutating func set(_ all: [SavedSpending]) {
    entries = SavedSpending.sums(all)
    amounts = [:]
    // Days have all of it; months say it again.
    for entry in entries where entry.period == .day {
      amounts[entry.client, default: OwnerSpending.Amount()].add(
        OwnerSpending.Amount(usd: NanoUSD(entry.nanoUSD), tokens: entry.tokens))
    }
  }
}
