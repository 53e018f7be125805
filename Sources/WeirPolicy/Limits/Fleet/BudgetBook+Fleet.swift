// What budgets have to do with a store that a fleet shares.
extension BudgetBook {
  /// The budgets that a client's requests count for, and the owners that these are about.
  func claims(_ client: String) -> (owners: [String?], budgets: [FleetHolding.Budget]) {
    var owners: [String?] = []
    let budgets = binding(client).map { rule in
      let owner: String? =
        switch rule.owner {
        case .eachClient: client
        case .everyone: nil
        }
      if let place = owners.firstIndex(of: owner) { return FleetHolding.Budget(rule: rule, owner: place) }
      owners.append(owner)
      return FleetHolding.Budget(rule: rule, owner: owners.count - 1)
    }
    return (owners, budgets)
  }

  /// What is known of an owner; nil is everyone.
  func owner(_ name: String?) -> OwnerSpending { name.map { clients[$0] ?? OwnerSpending() } ?? everyone }

  /// Owners of whom requests in flight hold something.
  var holders: [String?] {
    let nothing = OwnerSpending.Amount()
    return clients.filter { $0.value.reserved != nothing }.map(\.key) + (everyone.reserved == nothing ? [] : [nil])
  }

  /// Takes over what the fleet has spent, as far as it is more than what is known.
  mutating func learn(_ owner: String?, _ spending: FleetSpending) {
    func merge(_ known: inout OwnerSpending) {
      known.restore(spending.day, .day)
      known.restore(spending.month, .month)
    }
    if let owner { merge(&clients[owner, default: OwnerSpending()]) } else { merge(&everyone) }
    version &+= 1
  }

  /// The soft budgets of a client that are used up.
  func softBudgetsUsedUp(_ client: String, wall: Int64) -> [String] {
    binding(client).filter { rule in
      !rule.isHard && BudgetBook.isUsedUp(rule, spending(rule.owner, client).tally(rule.period, at: wall).spent)
    }.map(\.name)
  }

  /// Throws the hard budget of which a request that is held already may take no part while the store is away.
  func checkShares(
    _ holding: FleetHolding, _ reservation: Reservation, isPriced: Bool, fleet: FleetBook, wall: Int64
  ) throws(Shortage) {
    for budget in holding.budgets where budget.rule.isHard {
      let name = holding.owners[budget.owner]
      let own = owner(name)
      let tally = own.tally(budget.rule.period, at: wall)
      let share = fleet.share(budget.rule, name, own: own, wall: wall)
      let reason = BudgetBook.shortage(
        budget.rule, spent: tally.spent, reserved: own.reserved.less(reservation.amount), worst: reservation.amount,
        isPriced: isPriced, limits: share)
      if let reason { throw shortage(budget.rule, reason, start: tally.start, wall: wall) }
    }
  }

  /// - Parameter wall: by the clock that the period goes by.
  func shortage(_ rule: BudgetRule, _ reason: Shortage.Reason, start: Int64, wall: Int64) -> Shortage {
    let left = BudgetCalendar.end(of: rule.period, from: start) - max(wall, 0)
    return Shortage(rule: rule, reason: reason, secondsLeft: max(Int(clamping: left), 1))
  }
}
