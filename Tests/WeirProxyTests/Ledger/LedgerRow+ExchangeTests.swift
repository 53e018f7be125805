import Testing
import WeirStore
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

@Suite("A ledger's row")
struct LedgerRowExchangeTests {
  private func row(_ exchange: Exchange, firstContentAt: Int64? = nil) -> LedgerRow {
    var row = LedgerRow(id: exchange.requestID, timeMilliseconds: 0)
    row.fill(
      exchange, sizes: AccessLog.Sizes(received: 10, sent: 20), firstContentAt: firstContentAt,
      endedAtMilliseconds: 1_000_000)
    return row
  }

  private func settled(_ exchange: Exchange, _ reading: ReplyReading? = nil, ending: Ending = .complete) -> Exchange {
    RequestPath.settle(exchange, ending: ending, reading: reading, now: 101_000_000)
    return exchange
  }

  private func reading(_ usage: TokenUsage? = nil, events: Int = 0, isWhole: Bool = true) -> ReplyReading {
    var reading = ReplyReading()
    reading.usage = usage
    reading.contentEvents = events
    reading.sawContent = events > 0
    reading.sawEndMarker = isWhole
    return reading
  }

  private static let estimate = TokenEstimate(input: 40, output: 100, outputBound: nil)

  @Test("has who, what, when, how long and how much")
  func whole() throws {
    var said = reading(TokenUsage(input: 100, output: 20, cached: 30, reasoning: 5))
    said.cost = 0.25
    said.provider = "Acme"
    said.finishReason = "stop"
    said.generationID = "gen-1"
    let exchange = try Exchange.replied()
    exchange.user = "anna"
    exchange.isStream = true
    let row = row(settled(exchange, said), firstContentAt: 51_000_000)
    #expect(row.id == "req_1")
    #expect(row.timeMilliseconds == 1_000_000 - 100)
    #expect((row.client, row.user, row.endpoint) == ("anonymous", "anna", "chat/completions"))
    #expect((row.askedModel, row.model, row.upstream) == ("kimi-k2", "moonshotai/kimi-k2", "openrouter.ai"))
    #expect((row.status, row.errorCode, row.ending) == (200, nil, .complete))
    #expect((row.inputTokens, row.outputTokens, row.cachedTokens, row.reasoningTokens) == (100, 20, 30, 5))
    #expect((row.usageState, row.costUSD, row.costSource) == (.reported, 0.25, .upstream))
    #expect(row.baselineUSD ?? 0 > 0)
    #expect((row.provider, row.finishReason, row.generationID) == ("Acme", "stop", "gen-1"))
    #expect((row.durationMicroseconds, row.firstTokenMicroseconds) == (100_000, 50_000))
    #expect((row.ownMicroseconds, row.upstreamMicroseconds) == (1234, 97_765))
    #expect((row.attempts, row.bytesIn, row.bytesOut, row.cache) == (1, 10, 20, .bypass))
  }

  @Test("has a first token only of a stream")
  func firstToken() throws {
    #expect(row(settled(try .replied()), firstContentAt: 51_000_000).firstTokenMicroseconds == nil)
  }

  @Test("of a refusal has its code, cost nothing and knows no usage")
  func refused() throws {
    let exchange = try Exchange.replied()
    exchange.attempts = 0
    RequestPath.refuse(exchange, Refusal(.overloaded, "w", remedy: "r"))
    let row = row(settled(exchange))
    #expect(row.errorCode == "overloaded")
    #expect((row.costUSD, row.costSource, row.usageState) == (0, .none, .unknown))
  }

  @Test("of an error that came under a status of success has its label, that of a refusal goes before")
  func errorInReply() throws {
    var said = reading()
    said.error = ReplyError(code: "server_error", isMidStream: true)
    #expect(row(settled(try .replied(), said)).errorCode == "upstream_error_in_reply")
    #expect(row(settled(try .replied(status: 502), said)).errorCode == nil)
    let broken = try Exchange.replied()
    RequestPath.refuse(broken, Refusal(.upstreamStreamBroken, "w", remedy: "r"))
    #expect(row(settled(broken, said)).errorCode == "upstream_stream_broken")
  }

  @Test("of a request that an upstream failed at makes no cost up")
  func failed() throws {
    let row = row(settled(try .replied(status: 502), reading()))
    #expect((row.costUSD, row.usageState) == (nil, .unknown))
    #expect((row.inputTokens, row.outputTokens) == (nil, nil))
  }

  @Test("of a stream that tells no usage counts its events, and says that it guesses")
  func estimated() throws {
    let exchange = try Exchange.replied()
    exchange.isStream = true
    let guessed = row(settled(exchange, reading(events: 7)))
    #expect((guessed.usageState, guessed.inputTokens, guessed.outputTokens) == (.estimated, nil, 7))
    let silent = row(settled(exchange, reading()))
    #expect((silent.usageState, silent.outputTokens) == (.unknown, nil))
    exchange.estimate = Self.estimate
    let expected = row(settled(exchange, reading()))
    #expect((expected.usageState, expected.inputTokens, expected.outputTokens) == (.estimated, 40, 0))
  }

  @Test("of a plain reply that tells no usage has what was expected, where something was")
  func expected() throws {
    let exchange = try Exchange.replied()
    #expect(row(settled(exchange, reading(events: 1))).usageState == .unknown)
    exchange.estimate = Self.estimate
    let row = row(settled(exchange, reading(events: 1)))
    #expect((row.usageState, row.inputTokens, row.outputTokens) == (.estimated, 40, 100))
  }

  @Test("of an error in a stream that brought nothing used nothing")
  func errorBeforeContent() throws {
    let exchange = try Exchange.replied()
    exchange.isStream = true
    exchange.estimate = Self.estimate
    var said = reading()
    said.error = ReplyError(code: "502", isMidStream: true)
    #expect(row(settled(exchange, said)).usageState == .unknown)
  }

  @Test("of a stream of Anthropic's that broke off does not take the placeholder for the output's tokens")
  func placeholder() throws {
    let exchange = try Exchange.sent(path: "/v1/messages")
    RequestPath.replied(exchange, status: 200, now: 13_234_567)
    exchange.isStream = true
    let usage = TokenUsage(input: 9, output: 1)
    let broken = row(settled(exchange, reading(usage, events: 12, isWhole: false), ending: .broken))
    #expect((broken.usageState, broken.inputTokens, broken.outputTokens) == (.estimated, 9, 12))
    let whole = row(settled(exchange, reading(usage, events: 12)))
    #expect((whole.usageState, whole.outputTokens) == (.reported, 1))
  }

  @Test("of a kept reply cost nothing, saved something, and can be voted for")
  func kept() throws {
    let exchange = try Exchange.sent()
    exchange.attempts = 0
    exchange.answered(from: .hit)
    var said = reading(TokenUsage(input: 100, output: 20))
    said.cost = 0.5
    said.generationID = "gen-kept"
    let kept = StoredReply(.init(model: nil, upstream: "u", reading: said, storedAt: 0), head: [], body: [])
    exchange.takes(status: 200, model: nil, upstream: "u", kept: kept, now: 13_234_567)
    let row = row(settled(exchange))
    #expect((row.cache, row.costUSD, row.savedUSD, row.generationID) == (.hit, 0, 0.5, "gen-kept"))
    #expect((row.usageState, row.inputTokens) == (.unknown, nil))
  }

  @Test(
    "has no status where its client left before one was sent",
    arguments: [(ClientPhase.request, nil), (.waiting, nil), (.reply, 200)] as [(ClientPhase, Int?)])
  func left(phase: ClientPhase, status: Int?) throws {
    let row = row(settled(try .replied(), ending: .clientLeft(phase)))
    #expect((row.ending, row.status) == (.clientLeft, status))
  }

  @Test("has nothing to say of the cache where that was not asked")
  func uncached() throws {
    let exchange = try Exchange.replied()
    exchange.target = try RequestTarget.read(method: "GET", target: "/v1/files")
    #expect(row(settled(exchange)).cache == nil)
  }

  @Test("bears a sound time whatever the clock said")
  func time() throws {
    let exchange = try Exchange.sent()
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 0)
    let row = row(exchange)
    #expect((row.timeMilliseconds, row.durationMicroseconds) == (1_000_000, 0))
  }

  @Test("of an attempt has upstream, model, status, failure and time")
  func attempt() {
    let record = AttemptRecord(
      upstream: "u", model: "m", status: 503, failure: .status(503), sentAt: 1_000_000, endedAt: 4_500_000)
    #expect(
      LedgerAttempt(record)
        == LedgerAttempt(upstream: "u", model: "m", status: 503, failure: "status_503", durationMicroseconds: 3500))
  }
}
