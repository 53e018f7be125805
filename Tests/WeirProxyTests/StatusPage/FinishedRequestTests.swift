import Testing
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

@Suite("A finished request")
struct FinishedRequestTests {
  @Test(
    "comes to what its status, its end and its error say",
    arguments: [
      (200, Ending.complete, nil, FinishedRequest.Outcome.succeeded), (304, .complete, nil, .succeeded),
      (400, .complete, "upstream_400", .refused), (429, .complete, "rate_limit_exceeded", .refused),
      (500, .complete, "upstream_500", .failed), (200, .complete, "upstream_error_in_reply", .failed),
      (200, .broken, "upstream_stream_broken", .failed), (400, .broken, nil, .failed),
      (200, .clientLeft(.reply), nil, .left), (0, .clientLeft(.request), nil, .left),
    ] as [(Int, Ending, String?, FinishedRequest.Outcome)])
  func outcome(status: Int, ending: Ending, error: String?, expected: FinishedRequest.Outcome) {
    #expect(FinishedRequest.outcome(status: status, ending: ending, error: error) == expected)
  }

  @Test("has the figures of its exchange")
  func figures() throws {
    let exchange = try Exchange.replied(status: 503)
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 101_000_000)
    exchange.cost = Cost(usd: 0.5, source: .catalog, baselineUSD: 2)
    exchange.cacheResult = .miss
    let request = FinishedRequest(exchange, model: "label", firstContentAt: 50_000_000)
    #expect(request.requestID == "req_1")
    #expect(request.model == "label")
    #expect(request.upstream == "openrouter.ai")
    #expect(request.status == 503)
    #expect(request.error == "upstream_503")
    #expect(request.outcome == .failed)
    #expect(request.nanoseconds == 100_000_000)
    #expect(request.cost == 0.5)
    #expect(request.baselineCost == 2)
    #expect(request.cache == .miss)
    // It is no stream.
    #expect(request.firstContentNanoseconds == nil)
  }

  @Test("of weir's own error bears its code")
  func refusal() throws {
    let exchange = try Exchange.sent()
    RequestPath.refuse(exchange, Refusal(.overloaded, "o", remedy: "r"))
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 4_000_000)
    #expect(FinishedRequest(exchange, model: "m", firstContentAt: nil).error == "overloaded")
  }
}
