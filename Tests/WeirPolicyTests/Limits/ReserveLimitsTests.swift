import Testing
import WeirWire

@testable import WeirPolicy

@Suite("What a request takes of limits and budgets")
struct ReserveLimitsTests {
  private let wall: Int64 = 1_795_219_200

  private func policy(_ limits: LimitPolicy, models: ModelCatalog = .builtIn) -> PolicySnapshot {
    PolicySnapshot(
      clients: ClientDirectory([]), models: models,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: models), limits: limits)
  }

  private func tokens(burst: Int) -> LimitPolicy {
    LimitPolicy(rates: [LimitRule(name: "t", unit: .tokens, perMinute: 1, burst: burst, scope: LimitScope(per: []))])
  }

  private func budget(_ usd: Double, isHard: Bool = true, outputCap: Int = 40) -> LimitPolicy {
    LimitPolicy(
      budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: usd, isHard: isHard)], outputCap: outputCap)
  }

  /// Reserves for a body; the request is for the first model, and may go to the others.
  private func reserve(
    _ exchange: Exchange, _ json: String?, policy: PolicySnapshot, shared: SharedPolicy? = nil
  ) throws -> LimitLease {
    let bytes = Array((json ?? "").utf8)
    return try ReserveLimits.reserve(
      exchange, envelope: try json.map { try envelope($0) }, policy: policy, shared: shared ?? SharedPolicy(policy),
      now: 0, wall: wall, census: { BodyCensus(bytes.span) }
    ) { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test("is nothing, and nobody looks at the body, where nothing is limited")
  func unlimited() throws {
    let exchange = Exchange.planned("a/one")
    let policy = policy(.none)
    let lease = try ReserveLimits.reserve(
      exchange, envelope: try envelope(#"{"model":"a/one","n":3}"#), policy: policy, shared: SharedPolicy(policy),
      now: 0, wall: wall,
      census: {
        Issue.record("counted the body")
        return BodyCensus(plainBytes: 0)
      },
      memberText: { _ in
        Issue.record("read the body")
        return ""
      })
    lease.release()
    #expect(exchange.estimate == nil && !exchange.isLimited && exchange.usedUpBudgets.isEmpty)
  }

  @Test("is the estimate of its body, with every choice that it asks for")
  func choices() throws {
    let json = #"{"model":"a/one","n":3}"#
    let exchange = Exchange.planned("a/one")
    exchange.outputBound = 100
    let lease = try reserve(exchange, json, policy: policy(tokens(burst: 5000)))
    let input = (json.utf8.count + 3) / 4
    #expect(exchange.estimate?.input == input)
    #expect(exchange.estimate?.output == 300)
    #expect(exchange.rateLimits.tokens?.remaining == 5000 - input - 300)
    #expect(exchange.isLimited)
    lease.release()
  }

  @Test("of embeddings has no output", arguments: ["/v1/embeddings", "/v1/chat/completions"])
  func embeddings(path: String) throws {
    let exchange = Exchange.opened(path)
    exchange.sentModel = "a/one"
    let lease = try reserve(exchange, #"{"model":"a/one"}"#, policy: policy(tokens(burst: 5000)))
    #expect(exchange.estimate?.output == (path == "/v1/embeddings" ? 0 : 512))
    lease.release()
  }

  @Test("of a body that nobody reads is one request and no tokens")
  func unread() throws {
    var limits = tokens(burst: 10)
    limits.rates.append(LimitRule(name: "r", unit: .requests, perMinute: 1, burst: 2, scope: LimitScope(per: [])))
    let exchange = Exchange.opened("/v1/files")
    let lease = try reserve(exchange, nil, policy: policy(limits))
    #expect(exchange.rateLimits.requests?.remaining == 1)
    #expect(exchange.rateLimits.tokens?.remaining == 10)
    #expect(exchange.estimate == nil)
    lease.release()
  }

  @Test("of a hard budget brings an output cap where the request has no bound, and none where it has one or it is soft")
  func cap() throws {
    for (bound, isHard, expected) in [(nil, true, 40), (7, true, nil), (nil, false, nil)] as [(Int?, Bool, Int?)] {
      let exchange = Exchange.planned("openai/gpt-4-turbo")
      exchange.outputBound = bound
      let lease = try reserve(exchange, #"{"model":"m"}"#, policy: policy(budget(1, isHard: isHard)))
      #expect(exchange.outputCap == expected)
      lease.release()
    }
  }

  @Test("of a model that takes no bound is the cap at least, and the request is sent without one")
  func dropped() throws {
    let model = CatalogModel(
      id: "a/free", prices: ModelPrices(input: 1, output: 1), parameterRules: [ParameterRule(.drop("max_tokens"))])
    let models = ModelCatalog(kimiModelID: "", additions: [model])
    let policy = policy(budget(1, outputCap: 4000), models: models)
    let shared = SharedPolicy(policy)
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    for (json, output) in [
      (#"{"model":"a/free","max_tokens":1}"#, 4000), (#"{"model":"a/free"}"#, 4000),
      (#"{"model":"a/free","max_tokens":5000}"#, 5000), (#"{"model":"a/free","max_completion_tokens":9}"#, 9),
    ] {
      let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
      let found = try envelope(json, finding: policy.bodyRules.memberNames)
      let bytes = Array(json.utf8)
      let lease = try RequestPath.admit(
        exchange, head: head, envelope: found, policy: policy, shared: shared, random: 0, now: 0, wall: wall,
        threadTime: { 0 }, census: { BodyCensus(bytes.span) },
        memberText: { String(decoding: bytes[$0], as: UTF8.self) })
      #expect(shared.limits.holds.reserved.tokens == Int64(bytes.count + output), "\(json)")
      #expect(!exchange.splice.applied(to: json).contains("max_tokens"))
      lease.release()
    }
  }

  @Test("of a soft budget that is used up is its name")
  func soft() throws {
    let policy = policy(budget(0.001, isHard: false))
    let shared = SharedPolicy(policy)
    let exchange = Exchange.planned("openai/gpt-4-turbo")
    let first = try reserve(exchange, #"{"model":"m"}"#, policy: policy, shared: shared)
    #expect(exchange.usedUpBudgets.isEmpty)
    _ = first.settle(ActualUsage(input: 1, output: 1, usd: 0.001), now: 0, wall: wall)
    let second = try reserve(exchange, #"{"model":"m"}"#, policy: policy, shared: shared)
    #expect(exchange.usedUpBudgets == ["b"])
    #expect(exchange.allWarnings == ["the budget b is used up"])
    second.release()
  }

  @Test("of a budget is the worst case at the model's price, or at the baseline's where that is not known")
  func worstCase() throws {
    let models = ModelCatalog(
      kimiModelID: ModelCatalog.defaultKimiModelID,
      additions: [CatalogModel(id: "a/cheap", prices: ModelPrices(input: 1, output: 1))])
    func passes(_ usd: Double, _ model: String, _ json: String = #"{"model":"a/cheap"}"#) throws -> Bool {
      let policy = policy(budget(usd), models: models)
      let exchange = Exchange.planned(model, policy: policy)
      exchange.outputBound = 1_000_000
      do {
        let lease = try reserve(exchange, json, policy: policy)
        lease.release()
        return true
      } catch let refused as Refusal {
        #expect(refused.code == .budgetExceeded && refused.limit == "b")
        return false
      }
    }
    #expect(try passes(1.001, "a/cheap"))
    #expect(try !passes(0.999, "a/cheap"))
    #expect(try !passes(1.001, "a/cheap", #"{"model":"a/cheap","n":2}"#))
    #expect(try passes(31, "no/price"), "the baseline's thirty dollars for a million")
    #expect(try !passes(29, "no/price"))
  }

  @Test("is nothing of a request that is refused")
  func refused() throws {
    let policy = policy(tokens(burst: 5))
    let shared = SharedPolicy(policy)
    let exchange = Exchange.planned("a/one")
    var refused: Refusal?
    do {
      let lease = try reserve(exchange, #"{"model":"a/one","user":"someone"}"#, policy: policy, shared: shared)
      lease.release()
    } catch let error as Refusal { refused = error }
    #expect(refused?.limit == "t" && refused?.code == .rateLimitExceeded)
    #expect(shared.limits.holds.rateKeys == 0)
    #expect(exchange.estimate != nil, "the record says what was expected")
  }
}
