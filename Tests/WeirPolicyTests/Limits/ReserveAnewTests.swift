import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A reservation for another target")
struct ReserveAnewTests {
  private let wall: Int64 = 1_795_219_200
  private let subject = LimitSubject(client: "a", user: nil, model: "m")
  private let estimate = TokenEstimate(input: 0, output: 100, outputBound: 100)
  private let cheap = ModelPrices(input: 1, output: 1)
  private let dear = ModelPrices(input: 1, output: 20)

  private func book(usd: Double) -> LimitBook {
    LimitBook(LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: usd)]))
  }

  @Test("holds what the dearer model could cost, and settles at its prices")
  func dearer() throws {
    let book = book(usd: 1)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    try lease.reserveAnew(estimate, dear, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(2_000_000))
    #expect(lease.settle(ActualUsage(input: 0, output: 10), now: 0, wall: wall).usd == 200e-6)
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("is refused where the budget does not allow it, and stays what it was")
  func refused() throws {
    let book = book(usd: 0.001)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    var refused: Refusal?
    do throws(Refusal) { try lease.reserveAnew(estimate, dear, wall: wall) } catch { refused = error }
    #expect(refused?.code == .budgetExceeded && refused?.limit == "b")
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    lease.release()
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("counts what others hold, and not what the request itself held")
  func others() throws {
    let book = book(usd: 0.00205)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    try lease.reserveAnew(estimate, dear, wall: wall)
    try lease.reserveAnew(estimate, cheap, wall: wall)
    let other = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    var isRefused = false
    do throws(Refusal) { try lease.reserveAnew(estimate, dear, wall: wall) } catch { isRefused = true }
    #expect(isRefused)
    other.release()
    try lease.reserveAnew(estimate, dear, wall: wall)
    lease.release()
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("is nothing for the same prices, and without a budget")
  func same() throws {
    let book = book(usd: 0.0001)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    book.replace(LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: 1e-9)]))
    try lease.reserveAnew(estimate, cheap, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    lease.release()
    var free = try LimitBook(.none).admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    try free.reserveAnew(estimate, dear, wall: wall)
    free.release()
  }

  // MARK: The output bound

  /// What a request holds, and what goes out, at the first of these models and then at the second.
  private func sent(
    _ json: String, first: CatalogModel, then second: CatalogModel, tokens: Int = 100_000
  ) throws -> (reserved: [Int], bodies: [String], warnings: [String]) {
    let models = ModelCatalog(kimiModelID: "", additions: [first, second])
    let rule = BudgetRule(name: "b", period: .day, owner: .everyone, tokens: tokens)
    let policy = PolicySnapshot(
      clients: ClientDirectory([]), models: models,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: models),
      limits: LimitPolicy(budgets: [rule], outputCap: 4000))
    let shared = SharedPolicy(policy)
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    let found = try envelope(json, finding: policy.bodyRules.memberNames)
    let bytes = Array(json.utf8)
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    var lease: LimitLease? = try RequestPath.admit(
      exchange, head: head, envelope: found, policy: policy, shared: shared, random: 0, now: 0, wall: wall,
      threadTime: { 0 }, census: { BodyCensus(bytes.span) }, memberText: text)
    func reserved() -> Int { Int(shared.limits.holds.reserved.tokens) - bytes.count }
    var (held, bodies) = ([reserved()], [exchange.splice.applied(to: json)])
    exchange.plan = AttemptPlan(
      targets: [first, second].map {
        AttemptTarget(
          upstream: 0, model: models.resolve($0.id), isFallback: $0 == second, contextWindow: nil,
          route: UpstreamRoute(id: "u", name: "u"))
      })
    try RequestPath.aim(exchange, at: 1, envelope: found, policy: policy, memberText: text)
    try RequestPath.reprice(exchange, lease: &lease, envelope: found, policy: policy, wall: wall, memberText: text)
    held.append(reserved())
    bodies.append(exchange.splice.applied(to: json))
    lease.take()?.release()
    return (held, bodies, exchange.warnings)
  }

  private func model(_ id: String, _ actions: ParameterRule.Action...) -> CatalogModel {
    CatalogModel(id: id, prices: cheap, parameterRules: actions.map { ParameterRule($0) })
  }

  @Test("is the whole cap for a model that takes no bound, whatever held the one before")
  func boundless() throws {
    let boundless = model("a/two", .drop("max_tokens"))
    let asked = try sent(#"{"model":"a/one","max_tokens":9}"#, first: model("a/one"), then: boundless)
    #expect(asked.reserved == [9, 4000] && asked.bodies[1] == #"{"model":"a/two"}"#)
    let silent = try sent(#"{"model":"a/one"}"#, first: model("a/one"), then: boundless, tokens: 4100)
    #expect(silent.reserved == [4000, 4000] && silent.bodies[1] == #"{"model":"a/two"}"#)
    #expect(throws: Refusal.self, "a smaller cap would hold nothing") {
      try sent(#"{"model":"a/one"}"#, first: model("a/one"), then: boundless, tokens: 3000)
    }
    let back = try sent(#"{"model":"a/two","max_tokens":9}"#, first: boundless, then: model("a/one"))
    #expect(back.reserved == [4000, 9] && back.bodies[1].contains(#""max_tokens":9"#))
  }

  @Test("is by what the other model's rules make of the bound, and not by what the first one's did")
  func otherRules() throws {
    let low = model("a/one", .clamp("max_tokens", lowest: nil, highest: 20))
    let asked = try sent(#"{"model":"a/one","max_tokens":900}"#, first: low, then: model("a/two"))
    #expect(asked.reserved == [20, 900] && asked.bodies[1].contains(#""max_tokens":900"#))
    let filled = model("a/one", .fill("max_tokens", json: "30"))
    let silent = try sent(#"{"model":"a/one"}"#, first: filled, then: model("a/two"))
    #expect(silent.reserved == [30, 4000] && silent.bodies[1].contains(#""max_tokens":4000"#))
    #expect(silent.warnings.count == 1 && silent.warnings[0].contains("max_tokens was set to 4000"))
  }

  @Test("asks for a smaller cap where the whole one does not fit at the other price, and that is what is sent")
  func smallerCap() throws {
    let book = book(usd: 0.0012)
    let open = TokenEstimate(input: 0, output: 10, outputBound: nil)
    book.replace(
      LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: 0.0012)], outputCap: 1000))
    var lease = try book.admit(subject, estimate: open, prices: cheap, now: 0, wall: wall)
    #expect(lease.outputCap == 1000)
    try lease.reserveAnew(open, ModelPrices(input: 1, output: 2), wall: wall)
    #expect(lease.outputCap == 500)
    #expect(book.holds.reserved.usd == NanoUSD(1_000_000))
    lease.release()
  }
}
