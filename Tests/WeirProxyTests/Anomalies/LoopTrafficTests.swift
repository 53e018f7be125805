import Testing

@testable import WeirPolicy
@testable import WeirProxy

@Suite("What event loops add up for the anomaly watch")
struct LoopTrafficTests {
  @Test("is there once, by client")
  func taken() throws {
    let traffic = LoopTraffic()
    let exchange = try Exchange.sent()
    exchange.client = "app"
    exchange.status = 200
    traffic.record(exchange)
    exchange.status = 500
    traffic.record(exchange)
    let taken = traffic.take()
    #expect(taken["app"]?.requests == 2)
    #expect(taken["app"]?.errors == 1)
    #expect(traffic.take().isEmpty)
  }
}
