import Testing
import WeirWire

@testable import WeirPolicy

@Suite("What a request used")
struct MeterUsageTests {
  private func exchange(_ path: String = "/v1/chat/completions", stream: Bool = true) throws -> Exchange {
    let head = RequestHead(method: "POST", target: path)
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: .of(), now: 0)
    try RequestPath.admit(exchange, head: head, json: #"{"model":"m","stream":\#(stream)}"#, policy: .of())
    exchange.attempts = 1
    exchange.status = 200
    return exchange
  }

  private func metered(
    _ path: String = "/v1/chat/completions", stream: Bool = true, usage: TokenUsage? = nil, events: Int = 0,
    isWhole: Bool = false, estimate: TokenEstimate? = nil, census: BodyCensus? = nil, repliesAsStream: Bool? = nil
  ) throws -> MeteredUsage? {
    let exchange = try exchange(path, stream: stream)
    exchange.repliesAsStream = repliesAsStream
    exchange.estimate = estimate
    var reading = ReplyReading()
    reading.usage = usage
    reading.contentEvents = events
    reading.sawContent = events > 0
    reading.sawEndMarker = isWhole
    exchange.reading = reading
    return MeterUsage.meter(exchange) { census }
  }

  private let usage = TokenUsage(input: 10, output: 1, cached: 4)

  @Test("is what the upstream reported, of a reply that broke off too")
  func reported() throws {
    let expected = MeteredUsage(.reported, input: 10, output: 1, cached: 4, reasoning: 0)
    #expect(try metered(usage: usage, events: 30, isWhole: true) == expected)
    #expect(try metered(usage: usage, events: 30) == expected)
    #expect(try metered("/v1/messages", usage: usage, events: 30, isWhole: true) == expected)
    #expect(try metered("/v1/messages", stream: false, usage: usage, events: 30) == expected)
  }

  @Test("counts events where a Messages stream has said nothing that holds")
  func messages() throws {
    let cut = try metered("/v1/messages", usage: usage, events: 30)
    #expect(cut == MeteredUsage(.estimated, input: 10, output: 30, cached: 4, reasoning: 0))
    let later = TokenUsage(input: 10, output: 40)
    #expect(try metered("/v1/messages", usage: later, events: 30)?.output == 40)
  }

  @Test("is an event a token and the prompt's estimate where a stream tells nothing")
  func stream() throws {
    let estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
    #expect(try metered(events: 7, estimate: estimate) == MeteredUsage(.estimated, input: 100, output: 7))
    let body = BodyCensus(plainBytes: 398)
    #expect(try metered(events: 7, census: body) == MeteredUsage(.estimated, input: 100, output: 7))
    #expect(try metered(events: 7) == MeteredUsage(.estimated, input: nil, output: 7))
  }

  @Test("is what was expected of a reply that is no stream, if anything was")
  func plain() throws {
    let estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
    let expected = MeteredUsage(.estimated, input: 100, output: 400)
    #expect(try metered(stream: false, events: 1, estimate: estimate) == expected)
    #expect(
      try metered(stream: false, events: 1, census: BodyCensus(plainBytes: 8)) == MeteredUsage(.estimated, input: 2))
    #expect(try metered(stream: false, events: 1) == MeteredUsage(.unknown))
  }

  @Test("goes by what the reply is, not by what was asked for")
  func otherForm() throws {
    let estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
    let plain = try metered(events: 1, isWhole: true, estimate: estimate, repliesAsStream: false)
    #expect(plain == MeteredUsage(.estimated, input: 100, output: 400))
    let half = TokenUsage(input: 10, untold: .output)
    #expect(try metered(usage: half, events: 1, estimate: estimate, repliesAsStream: false)?.output == 400)
    let stream = try metered(stream: false, events: 30, isWhole: true, estimate: estimate, repliesAsStream: true)
    #expect(stream == MeteredUsage(.estimated, input: 100, output: 30))
  }

  @Test("is estimated count by count: what the upstream told stays")
  func untold() throws {
    let estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
    let half = TokenUsage(input: 10, cached: 4, untold: .output)
    #expect(
      try metered(usage: half, events: 30, isWhole: true, estimate: estimate)
        == MeteredUsage(.estimated, input: 10, output: 30, cached: 4, reasoning: 0))
    #expect(try metered(stream: false, usage: half, events: 1, isWhole: true, estimate: estimate)?.output == 400)
    #expect(try metered(stream: false, usage: half, isWhole: true, estimate: estimate)?.output == 0)
    #expect(try metered(stream: false, usage: half, events: 1)?.output == nil, "nobody expected anything")
    let other = TokenUsage(output: 20, untold: .input)
    #expect(
      try metered(usage: other, events: 30, isWhole: true, estimate: estimate)
        == MeteredUsage(.estimated, input: 100, output: 20, cached: 0, reasoning: 0))
    let begun = TokenUsage(input: 10, output: 1, untold: .output)
    #expect(try metered("/v1/messages", usage: begun, events: 30, isWhole: true)?.output == 30)
  }

  @Test("is what was expected of a reply that nobody can read, and nothing of one that is no success")
  func unread() throws {
    let request = try exchange(stream: false)
    request.estimate = TokenEstimate(input: 100, output: 400, outputBound: 400)
    request.ending = .complete
    #expect(MeterUsage.meter(request) == MeteredUsage(.estimated, input: 100, output: 400))
    for status in [302, 404, 502] {
      request.status = status
      #expect(MeterUsage.meter(request) == nil)
    }
    request.status = nil
    #expect(MeterUsage.meter(request) == nil)
  }

  @Test("counts a reply that was kept from the client for its tool calls, whose status is weir's own")
  func refusedReply() throws {
    let refused = try exchange()
    refused.reading = ReplyReading()
    refused.reading?.contentEvents = 3
    RequestPath.refuse(refused, Refusal(.toolNotAllowed, "the model called a tool", remedy: "Leave it out."))
    #expect(refused.status == 403)
    #expect(
      MeterUsage.meter(refused) { BodyCensus(plainBytes: 8) } == MeteredUsage(.estimated, input: 2, output: 3))
  }

  @Test("is unknown where the client left before anything came, and nothing where the upstream failed")
  func unknown() throws {
    let left = try exchange()
    left.ending = .clientLeft(.waiting)
    #expect(MeterUsage.meter(left) == MeteredUsage(.unknown))
    let failed = try exchange()
    failed.status = 502
    failed.reading = ReplyReading()
    #expect(MeterUsage.meter(failed) == nil)
    failed.status = 200
    failed.reading?.error = ReplyError(code: "502", isMidStream: true)
    #expect(MeterUsage.meter(failed) == nil)
    let kept = try exchange()
    kept.attempts = 0
    #expect(MeterUsage.meter(kept) == nil)
  }

  @Test("has the upstream's price, or where both counts are known the catalog's; a stream that only began has none yet")
  func counts() throws {
    #expect(MeteredUsage(.estimated, input: 3, output: 4).counts == TokenUsage(input: 3, output: 4))
    #expect(MeteredUsage(.estimated, input: 3).counts == nil)
    let policy = PolicySnapshot.of()
    let exchange = Exchange.opened(policy: policy)
    exchange.model = policy.models.resolve("openai/gpt-4-turbo")
    exchange.reading = ReplyReading()
    exchange.reading?.cost = 0.5
    let metered = MeteredUsage(.estimated, input: 3, output: 4)
    let priced = PriceReply.price(exchange, metered: metered, policy: policy)
    #expect(priced?.usd == 0.5 && priced?.source == .upstream)
    #expect(priced?.baselineUSD == 150e-6, "the estimate's")
    let begun = try self.exchange("/v1/messages")
    begun.model = exchange.model
    begun.reading = exchange.reading
    #expect(PriceReply.price(begun, metered: metered, policy: policy)?.source == .catalog)
    exchange.reading?.error = ReplyError(code: "502", isMidStream: false)
    exchange.attempts = 1
    #expect(MeterUsage.meter(exchange) == MeteredUsage(.unknown), "what has a price was at work")
    #expect(PriceReply.price(exchange, metered: nil, policy: policy)?.usd == 0.5)
  }
}
