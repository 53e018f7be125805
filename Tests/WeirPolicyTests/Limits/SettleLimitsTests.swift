import Testing
import WeirWire

@testable import WeirPolicy

@Suite("What is given back of limits and budgets")
struct SettleLimitsTests {
  private static let wall: Int64 = 1_795_219_200
  private static let estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
  private let book = LimitBook(
    LimitPolicy(
      rates: [LimitRule(name: "t", unit: .tokens, perMinute: 1, burst: 1000, scope: LimitScope(per: []))],
      budgets: [BudgetRule(name: "b", period: .day, owner: .eachClient([]), usd: 1)]))

  /// Tokens that the request is charged for at last, and the record.
  private func settled(_ change: (Exchange) -> Void) throws -> (tokens: Int, exchange: Exchange) {
    let subject = LimitSubject(client: "a", user: nil, model: "m")
    let prices = ModelPrices(input: 1, output: 1)
    let lease = try book.admit(subject, estimate: Self.estimate, prices: prices, now: 0, wall: Self.wall)
    #expect(lease.rateLimits.tokens?.remaining == 500)
    let exchange = Exchange.planned("m")
    exchange.estimate = Self.estimate
    change(exchange)
    exchange.metered = MeterUsage.meter(exchange)
    SettleLimits.settle(exchange, lease: lease, now: 0, wall: Self.wall)
    #expect(book.holds.reserved.tokens == 0, "whatever came of it, nothing stays reserved")
    let next = try book.admit(subject, estimate: .none, prices: prices, now: 0, wall: Self.wall)
    let charged = 1000 - (next.rateLimits.tokens?.remaining ?? 0)
    next.release()
    return (charged, exchange)
  }

  private func reading(
    _ usage: TokenUsage? = nil, events: Int = 0, error: ReplyError? = nil, sawContent: Bool = false
  ) -> ReplyReading {
    var reading = ReplyReading()
    reading.usage = usage
    reading.contentEvents = events
    reading.error = error
    reading.sawContent = sawContent
    return reading
  }

  @Test("is all but what the upstream reports")
  func reported() throws {
    let (tokens, exchange) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.reading = reading(TokenUsage(input: 30, output: 20))
      $0.cost = Cost(usd: 0.25, source: .upstream, baselineUSD: nil)
    }
    #expect(tokens == 50)
    #expect(exchange.settlement == Settlement(estimateError: -450, usd: 0.25))
    #expect(book.remainingBudgets(wall: Self.wall).map(\.usd) == [0.75])
  }

  @Test("is all but the reported usage of a reply that broke off or failed, too")
  func reportedFailure() throws {
    let (tokens, _) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.reading = reading(
        TokenUsage(input: 30, output: 20), error: ReplyError(code: "server_error", isMidStream: true))
    }
    #expect(tokens == 50)
  }

  @Test("is everything where the request used nothing")
  func released() throws {
    let nothing: [(Exchange) -> Void] = [
      { _ in },  // refused before it was sent
      { $0.attempts = 1 },  // no head came
      {
        $0.attempts = 1
        $0.status = 500
        $0.reading = ReplyReading()
      },
      {
        $0.status = 200
        $0.reading = ReplyReading()
      },
    ]
    for change in nothing {
      let (tokens, exchange) = try settled(change)
      #expect(tokens == 0)
      #expect(exchange.settlement == Settlement())
    }
    let failed = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.reading = reading(error: ReplyError(code: nil, isMidStream: true))
    }
    #expect(failed.tokens == 0, "an error instead of a reply")
    #expect(book.spending(since: 0) == nil)
  }

  @Test("is all but the input and a token an event of a stream that tells no usage")
  func stream() throws {
    let (tokens, exchange) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.isStream = true
      $0.reading = reading(events: 7, sawContent: true)
    }
    #expect(tokens == 107)
    #expect(exchange.settlement.estimateError == nil, "a guess says nothing of another guess")
    #expect(exchange.settlement.usd == 107e-6)
  }

  @Test("is all but what came of a stream before its error")
  func brokenStream() throws {
    let (tokens, _) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.isStream = true
      $0.reading = reading(events: 2, error: ReplyError(code: nil, isMidStream: true), sawContent: true)
    }
    #expect(tokens == 102)
  }

  @Test("is nothing of a reply that is no stream and tells no usage: it had what was expected")
  func plain() throws {
    let (tokens, _) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.reading = reading(sawContent: true)
    }
    #expect(tokens == 500)
  }

  @Test("is nothing of a reply that weir cannot read: it had what was expected")
  func unreadable() throws {
    let (tokens, exchange) = try settled {
      $0.attempts = 1
      $0.status = 200
    }
    #expect(tokens == 500)
    #expect(exchange.settlement == Settlement(estimateError: nil, usd: 500e-6))
  }

  @Test("is all but the price that the upstream named, whatever the counts")
  func pricedOnly() throws {
    let (_, exchange) = try settled {
      $0.attempts = 1
      $0.status = 200
      $0.reading = reading(error: ReplyError(code: nil, isMidStream: false))
      $0.reading?.cost = 0.25
      $0.cost = Cost(usd: 0.25, source: .upstream, baselineUSD: nil)
    }
    #expect(exchange.settlement.usd == 0.25)
  }

  @Test("is nothing, and stops nothing, where the request held nothing")
  func noLease() {
    let exchange = Exchange.planned("m")
    exchange.reading = reading(TokenUsage(input: 30, output: 20))
    exchange.metered = MeterUsage.meter(exchange)
    SettleLimits.settle(exchange, lease: nil, now: 0, wall: 0)
    #expect(exchange.settlement == Settlement())
  }
}
