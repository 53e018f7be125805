/// What one request holds of limits and budgets, until it is settled or released: exactly one of both, once.
///
/// Not copyable, so that the compiler sees each lease finished at most once; one that is dropped releases everything
/// itself. Belongs to whoever holds it; finishing it takes the book's lock once.
public struct LimitLease: ~Copyable, Sendable {
  /// What is left, for the `x-ratelimit-*` headers.
  public private(set) var rateLimits: RateLimitView
  /// The output bound, for one reply, that the request must be given before it is sent: it has none, and a hard budget
  /// applies. Nil leaves the request as it is.
  public private(set) var outputCap: Int?
  /// The soft budgets that are used up, by name.
  public private(set) var softBudgetsUsedUp: [String]

  @Seldom private var holdings: Holdings?
  private let book: LimitBook?
  private var isFinished = false

  /// What the book takes back.
  struct Holdings: Sendable {
    let subject: CountedSubject
    var estimate: TokenEstimate
    var prices: ModelPrices?
    let concurrency: [LimitKey]
    let charges: [RateLimiter.Charge]
    var reservation: BudgetBook.Reservation?
    /// Whether any rule looked at the estimate.
    let usesEstimate: Bool
    /// What the fleet has to do with it; nil where nothing is shared.
    var fleet: FleetHolding?
  }

  /// Of a request that nothing limits.
  init() {
    rateLimits = RateLimitView()
    outputCap = nil
    softBudgetsUsedUp = []
    holdings = nil
    book = nil
  }

  init(_ holdings: Holdings, rateLimits: RateLimitView, book: LimitBook) {
    self.rateLimits = rateLimits
    outputCap = holdings.reservation?.outputCap
    softBudgetsUsedUp = holdings.reservation?.softBudgetsUsedUp ?? []
    self.holdings = holdings
    self.book = book
  }

  deinit {
    if !isFinished, let book, let holdings { book.release(holdings) }
  }

  /// The request goes to a model of other prices, or with another output bound: what is reserved of budgets is reserved
  /// anew, and may ask for another cap.
  ///
  /// - Parameter estimate: as when the request was let through, but for what bounds the output.
  /// - Throws: 429 `budget_exceeded`, and then holds what it held.
  public mutating func reserveAnew(_ estimate: TokenEstimate, _ prices: ModelPrices?, wall: Int64) throws(Refusal) {
    guard let book, let old = holdings, old.reservation != nil, old.prices != prices || old.estimate != estimate else {
      return
    }
    let new = try book.reserveAnew(old, estimate, prices, wall: wall)
    outputCap = new.reservation?.outputCap
    holdings = new
  }

  /// What passed here is to hold for the fleet: what comes next?
  ///
  /// - Parameter isUp: whether the store takes calls; where not, this sidecar's share decides at once.
  /// - Throws: 429, and then holds nothing any more.
  public mutating func askFleet(isUp: Bool, now: Int64, wall: Int64) throws(Refusal) -> FleetStep {
    guard let book, let holdings, holdings.fleet != nil else { return .goesOn }
    return try decide { () throws(Refusal) in
      var holdings = holdings
      let (step, view) = try book.askFleet(&holdings, isUp: isUp, now: now, wall: wall)
      return (holdings, step, view, nil)
    }
  }

  /// What came of the call that `askFleet` asked for.
  ///
  /// - Throws: 429, and then holds nothing any more.
  public mutating func fleetAnswered(_ answer: FleetAnswer, now: Int64, wall: Int64) throws(Refusal) {
    guard let book, let holdings, holdings.fleet != nil else { return }
    _ = try decide { () throws(Refusal) in
      var holdings = holdings
      let (view, soft) = try book.fleetAnswered(answer, &holdings, now: now, wall: wall)
      return (holdings, .goesOn, view, soft)
    }
  }

  private mutating func decide(
    _ ask: () throws(Refusal) -> (Holdings, FleetStep, RateLimitView?, [String]?)
  ) throws(Refusal) -> FleetStep {
    do throws(Refusal) {
      let (holdings, step, view, soft) = try ask()
      self.holdings = holdings
      if let view { rateLimits = view }
      if let soft { softBudgetsUsedUp = soft }
      return step
    } catch {
      holdings = nil
      throw error
    }
  }

  /// The request is over and this is what it used.
  ///
  /// - Parameters:
  ///   - now: nanoseconds of the monotonic clock.
  ///   - wall: seconds since 1970; the period of this time is the one that it counts in.
  public consuming func settle(_ usage: ActualUsage, now: Int64, wall: Int64) -> Settlement {
    isFinished = true
    guard let book, let holdings else { return Settlement() }
    return book.settle(holdings, usage: usage, now: now, wall: wall)
  }

  /// The request is over and used nothing: it failed, or was answered without the upstream. All goes back but its count as
  /// a request.
  public consuming func release() {
    isFinished = true
    if let book, let holdings { book.release(holdings) }
  }
}
