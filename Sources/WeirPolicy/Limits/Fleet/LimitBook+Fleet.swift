import Synchronization

// Limits and budgets that hold for all sidecars together. Each decision is first made here, as for one process; what
// passes is asked of the store, and where that does not answer, this sidecar's share decides.
extension LimitBook {
  /// Limits and budgets are shared from now on: first before the first request, then with each new configuration.
  ///
  /// - Parameter leasePercent: most of a limit's burst that is taken ahead; 0 takes nothing ahead.
  public func share(leasePercent: Int) {
    state.withLock { state in
      guard state.fleet == nil else {
        state.fleet?.leasePercent = leasePercent
        return
      }
      state.fleet = FleetBook(leasePercent: leasePercent)
      state.fleet?.divide(state.policy)
    }
  }

  /// So many sidecars are alive, this one included.
  public func setFleetSize(_ size: Int) {
    state.withLock { state in
      guard let fleet = state.fleet, fleet.size != max(size, 1) else { return }
      state.fleet?.size = max(size, 1)
      state.fleet?.divide(state.policy)
    }
  }

  /// The store has lost what it was told of this sidecar.
  public func holdingsForgotten() {
    state.withLock { $0.fleet?.forgetToldHoldings(owners: $0.budgets.holders) }
  }

  /// The next thing to tell the store; nil where it knows everything. `settled` is called before it is asked for another.
  public func nextSettlement(now: Int64) -> FleetSettlement? {
    state.withLock { $0.settlementCall(now: now) }
  }

  /// Permits that were not used in time go back with the next settlement. Now and then: it looks at all of them.
  public func givePermitsBack(now: Int64) {
    state.withLock { state in
      guard let expired = state.fleet?.permits.expired(now: now) else { return }
      for count in expired { state.fleet?.ledger.charge(count, 0 - count.amount) }
    }
  }

  /// What came of telling it.
  ///
  /// - Returns: whether the store has it.
  public func settled(
    _ settlement: FleetSettlement, _ answer: FleetAnswer, wall: Int64
  ) -> Bool {
    state.withLock { state in
      var numbers = FleetNumbers(answer.bytes)
      guard let clock = numbers.next() else {
        let failure: FleetLedger.Failure =
          switch answer {
          // What cannot be read was said by somebody who had read the settlement.
          case .said, .unknown: .uncertain
          case .notDone: .untold
          case .refused: .refused
          }
        state.fleet?.ledger.failed(failure, places: settlement.places, owners: settlement.owners)
        return false
      }
      state.fleet?.ledger.arrived()
      var spending: [FleetSpending] = []
      while spending.count < settlement.owners.count, let next = FleetSpending(&numbers) { spending.append(next) }
      state.learn(settlement.owners, spending, clock: clock / 1_000_000, wall: wall)
      // A question that was asked later came first, and the store went by that.
      if numbers.next() == 0 { state.fleet?.ledger.note(places: settlement.places, owners: settlement.owners) }
      return true
    }
  }

  /// What a process begins with that takes over from this one: what was spent, and of that what this one has yet to tell
  /// the store, as has a process from which it took over itself.
  public var spendingToHandOver: SpendingFile.Contents {
    state.withLock { state in
      let untold = SavedSpending.sums((state.fleet?.ledger.untold ?? []) + state.inherited.entries)
      return SpendingFile.Contents(spending: state.budgets.snapshot(), untold: untold)
    }
  }

  /// What was spent and the store is not known to have been told; nil where nothing is shared.
  public var untoldSpending: [SavedSpending]? { state.withLock { $0.fleet?.ledger.untold } }

  /// Whether there is nothing that the store has yet to be told.
  public var isSettled: Bool { state.withLock { $0.fleet?.ledger.isEmpty ?? true } }

  /// What came of asking for permits, which count from when they were asked for.
  public func renewed(_ renewal: FleetRenewal, _ answer: FleetAnswer, askedAt: Int64) {
    state.withLock { state in
      guard case .said(let bytes) = answer,
        let verdict = FleetVerdict(bytes, counts: renewal.counts.count, places: 0, owners: 0, budgets: 0)
      else {
        state.fleet?.permits.missed(renewal.counts)
        return
      }
      for (count, granted) in zip(renewal.counts, verdict.counts) {
        state.fleet?.permits.add(count, granted: granted, askedAt: askedAt)
      }
    }
  }

  // MARK: For a lease

  func askFleet(
    _ holdings: inout LimitLease.Holdings, isUp: Bool, now: Int64, wall: Int64
  ) throws(Refusal) -> (FleetStep, RateLimitView?) {
    guard isUp else { return (.goesOn, try fallBack(&holdings, .notDone, now: now, wall: wall)) }
    var asked = holdings
    let (step, view) = state.withLock { state -> (FleetStep, RateLimitView?) in
      if let (step, view) = state.takePermits(asked, now: now) {
        asked.fleet?.isTaken = true
        return (step, view)
      }
      asked.fleet?.askedAt = now
      return (state.question(asked, now: now).map(FleetStep.asks) ?? .goesOn, nil)
    }
    holdings = asked
    return (step, view)
  }

  func fleetAnswered(
    _ answer: FleetAnswer, _ holdings: inout LimitLease.Holdings, now: Int64, wall: Int64
  ) throws(Refusal) -> (RateLimitView?, [String]?) {
    guard let holding = holdings.fleet else { return (nil, nil) }
    guard case .said(let bytes) = answer,
      let verdict = FleetVerdict(
        bytes, counts: holding.counts.count, places: holding.places.count, owners: holding.owners.count,
        budgets: holding.budgets.count(where: \.rule.isHard))
    else { return (try fallBack(&holdings, answer, now: now, wall: wall), nil) }
    let asked = holdings
    do throws(Denial) {
      let said = try state.withLock { state throws(Denial) in
        try state.follow(verdict, asked, now: now, wall: wall)
      }
      holdings.fleet?.isTaken = true
      return said
    } catch { throw error.refusal }
  }

  private func fallBack(
    _ holdings: inout LimitLease.Holdings, _ answer: FleetAnswer, now: Int64, wall: Int64
  ) throws(Refusal) -> RateLimitView? {
    var held = holdings
    do throws(Denial) {
      let view = try state.withLock { state throws(Denial) in
        try state.fallBack(&held, answer, now: now, wall: wall)
      }
      holdings = held
      return view
    } catch { throw error.refusal }
  }
}
