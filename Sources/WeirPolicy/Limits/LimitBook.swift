import Synchronization

/// All limits and budgets of a running proxy, over all event loops: every call is one short hold of one lock, and none where
/// nothing is limited.
///
/// `now` is nanoseconds of a monotonic clock, `wall` seconds since 1970 UTC.
public final class LimitBook: Sendable {
  struct State: Sendable {
    var policy = LimitPolicy.none
    var nextRuleID = 0
    var concurrency = ConcurrencyTable()
    var rates = RateLimiter()
    var budgets = BudgetBook()
    var averages = OutputAverages()
    /// Nil where limits and budgets are this process's own.
    var fleet: FleetBook?
    var inherited = InheritedSpending()

    var needsEstimate: Bool { rates.countsTokens || !budgets.isEmpty }

    /// Seconds since 1970 by the clock that budgets go by: the store's, where there is one.
    func budgetTime(_ wall: Int64) -> Int64 { wall &+ (fleet?.clockOffset ?? 0) }
  }

  enum Denial: Error {
    case budget(BudgetBook.Shortage)
    case concurrency(ConcurrencyTable.Full)
    case rate(RateLimiter.Delay)
  }

  let state = Mutex(State())
  private let limitsNothing = Atomic(true)
  private let readsEstimates = Atomic(false)

  /// Nothing is counted or spent yet.
  public init(_ policy: LimitPolicy) { replace(policy) }

  /// A reload. Counts of rules stay where name, unit and scope stay, whatever their new numbers; spending and what requests
  /// in flight hold always stay.
  public func replace(_ policy: LimitPolicy) {
    state.withLock { state in
      state.policy = policy
      state.concurrency.replace(policy.concurrency, nextID: &state.nextRuleID)
      state.rates.replace(policy.rates, maximumKeys: policy.maximumKeys, nextID: &state.nextRuleID)
      state.budgets.replace(policy.budgets, outputCap: policy.outputCap)
      state.fleet?.divide(policy)
      let isEmpty = policy.rates.isEmpty && policy.concurrency.isEmpty && policy.budgets.isEmpty
      limitsNothing.store(isEmpty, ordering: .relaxed)
      readsEstimates.store(state.needsEstimate, ordering: .relaxed)
    }
  }

  /// Whether `admit` looks at its estimate and prices; where not, `TokenEstimate.none` does. Takes no lock.
  public var needsEstimate: Bool { readsEstimates.load(ordering: .relaxed) }

  /// Tokens that a reply of the model is expected to have.
  public func averageOutput(of model: String) -> Int {
    let model = CountedSubject.counted(model)
    return state.withLock { $0.averages.average(of: model) }
  }

  /// Takes what a request needs of every rule that covers it, or nothing.
  ///
  /// Budgets are asked first, then concurrency, then rates, so that the client is told what keeps longest.
  ///
  /// - Parameter prices: of the model; nil when they are not known. Asked only where there is a limit.
  /// - Throws: 429 `budget_exceeded` or `rate_limit_exceeded`, with the rule's name in `Refusal.limit`.
  public func admit(
    _ subject: LimitSubject, estimate: TokenEstimate, prices: @autoclosure () -> ModelPrices?, now: Int64,
    wall: Int64
  ) throws(Refusal) -> LimitLease {
    if limitsNothing.load(ordering: .relaxed) { return LimitLease() }
    let (counted, prices) = (CountedSubject(subject), prices())
    do throws(Denial) {
      let (holdings, view) = try state.withLock { state throws(Denial) in
        try LimitBook.take(counted, estimate, prices, now: now, wall: wall, from: &state)
      }
      return LimitLease(holdings, rateLimits: view, book: self)
    } catch {
      throw error.refusal
    }
  }

  /// What is left of each client's tightest budget, in US dollars; clients that were seen or are named by a budget.
  public func remainingBudgets(wall: Int64) -> [(client: String, usd: Double)] {
    state.withLock { $0.budgets.remaining(wall: $0.budgetTime(wall)) }
  }

  /// Lets go of clients whose spending counts no more, where there are very many. Now and then: it looks at all of them.
  public func forgetPastSpending(wall: Int64) {
    state.withLock { $0.budgets.forgetPast(wall: $0.budgetTime(wall)) }
  }

  /// What was spent, for `SpendingFile`, if it has changed since `version`; 0 is before any change.
  public func spending(since version: UInt64) -> (version: UInt64, spending: [SavedSpending])? {
    state.withLock { state in
      state.budgets.version == version ? nil : (state.budgets.version, state.budgets.snapshot())
    }
  }

  /// Takes over what was saved: the later period, and of the same one the larger amounts.
  public func restore(_ saved: SpendingFile.Contents) {
    state.withLock { state in
      state.budgets.restore(saved.spending)
      state.inherited.add(saved.untold)
    }
  }

  /// Adds what another process of weir spent, which handed over to this one. Where a fleet shares a store, that is what the
  /// process could not tell it, and this one does.
  public func add(_ spending: [SavedSpending]) {
    state.withLock { state in
      state.budgets.add(state.inherited.take(spending))
      state.fleet?.ledger.add(spending)
    }
  }

  /// What requests in flight and the limits hold, for tests and gauges.
  var holds: (concurrencyKeys: Int, rateKeys: Int, reserved: OwnerSpending.Amount) {
    state.withLock { ($0.concurrency.count, $0.rates.count, $0.budgets.reserved) }
  }

  func settle(_ holdings: LimitLease.Holdings, usage: ActualUsage, now: Int64, wall: Int64) -> Settlement {
    let (input, output) = (usage.clampedInput, usage.clampedOutput)
    let dollars = usage.usd ?? holdings.prices?.cost(inputTokens: input, outputTokens: output) ?? 0
    let spent = OwnerSpending.Amount(usd: NanoUSD(rounding: dollars), tokens: Int64(clamping: input + output))
    var settlement = Settlement()
    if holdings.usesEstimate, usage.state == .reported {
      settlement.estimateError = input + output - holdings.estimate.total
    }
    state.withLock { state in
      state.concurrency.release(holdings.concurrency)
      state.rates.settle(holdings.charges, tokens: input + output, now: now)
      if let reservation = holdings.reservation {
        state.budgets.release(reservation)
        state.budgets.spend(client: reservation.client, spent, wall: state.budgetTime(wall))
        settlement.usd = spent.usd.dollars
      }
      state.settleFleet(holdings, spent: spent, now: now, wall: wall)
      if usage.state == .reported, output > 0 {
        state.averages.learn(output / holdings.estimate.choices, of: holdings.subject.model)
      }
    }
    return settlement
  }

  func reserveAnew(
    _ holdings: LimitLease.Holdings, _ estimate: TokenEstimate, _ prices: ModelPrices?, wall: Int64
  ) throws(Refusal) -> LimitLease.Holdings {
    guard let old = holdings.reservation else { return holdings }
    var holdings = holdings
    do throws(BudgetBook.Shortage) {
      holdings.reservation = try state.withLock { state throws(BudgetBook.Shortage) in
        state.budgets.release(old)
        do throws(BudgetBook.Shortage) {
          let new = try state.budgets.plan(
            client: old.client, estimate: estimate, prices: prices, wall: state.budgetTime(wall))
          state.budgets.hold(new)
          if let fleet = holdings.fleet { state.fleet?.ledger.note(places: [], owners: fleet.owners) }
          return new
        } catch {
          state.budgets.hold(old)
          throw error
        }
      }
    } catch { throw LimitRefusal.refusal(error) }
    holdings.estimate = estimate
    holdings.prices = prices
    return holdings
  }

  func release(_ holdings: LimitLease.Holdings) {
    state.withLock { state in
      state.concurrency.release(holdings.concurrency)
      state.rates.release(holdings.charges)
      if let reservation = holdings.reservation { state.budgets.release(reservation) }
      state.releaseFleet(holdings)
    }
  }

  static func take(
    _ subject: CountedSubject, _ estimate: TokenEstimate, _ prices: ModelPrices?, now: Int64, wall: Int64,
    from state: inout State
  ) throws(Denial) -> (LimitLease.Holdings, RateLimitView) {
    let reservation: BudgetBook.Reservation?
    do throws(BudgetBook.Shortage) {
      reservation =
        state.budgets.isEmpty
        ? nil
        : try state.budgets.plan(
          client: subject.client, estimate: estimate, prices: prices, wall: state.budgetTime(wall))
    } catch { throw .budget(error) }
    let concurrency: [LimitKey]
    do throws(ConcurrencyTable.Full) {
      concurrency = try state.concurrency.plan(subject)
    } catch { throw .concurrency(error) }
    let taken: (charges: [RateLimiter.Charge], view: RateLimitView)
    do throws(RateLimiter.Delay) {
      taken = try state.rates.take(subject, inputTokens: estimate.input, tokens: estimate.total, now: now)
    } catch { throw .rate(error) }
    state.concurrency.hold(concurrency)
    if let reservation { state.budgets.hold(reservation) }
    let fleet = state.enterFleet(subject, charges: taken.charges, reservation: reservation)
    let holdings = LimitLease.Holdings(
      subject: subject, estimate: estimate, prices: prices, concurrency: concurrency, charges: taken.charges,
      reservation: reservation, usesEstimate: state.needsEstimate, fleet: fleet)
    return (holdings, taken.view)
  }
}
