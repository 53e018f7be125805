import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The request's way")
struct RequestPathTests {
  private func head(_ target: String = "/v1/chat/completions", key: String? = nil) -> RequestHead {
    var head = RequestHead(method: "POST", target: target)
    head.apiKey = key
    return head
  }

  private func admitted(_ json: String, policy: PolicySnapshot = .of()) throws -> Exchange {
    let (exchange, _) = RequestPath.open(head(), requestID: "r", policy: policy, now: 10)
    try RequestPath.admit(exchange, head: head(), json: json, policy: policy, now: 20)
    return exchange
  }

  @Test("opens with where the request goes and who asks")
  func opens() {
    let (exchange, refusal) = RequestPath.open(head(key: "key-a"), requestID: "r1", policy: .keyed, now: 10)
    #expect(refusal == nil)
    #expect(exchange.requestID == "r1")
    #expect(exchange.receivedAt == 10)
    #expect(exchange.method == "POST")
    #expect(exchange.endpoint == .chatCompletions)
    #expect(exchange.client == "alice")
    #expect(exchange.attempts == 0)
    #expect(exchange.status == nil)
  }

  @Test("refuses an unknown place before it asks who wants to go there")
  func unknownPlace() {
    let (exchange, refusal) = RequestPath.open(head("/nowhere"), requestID: "r", policy: .keyed, now: 0)
    #expect(refusal?.status == 404)
    #expect(exchange.target == nil)
    #expect(exchange.endpoint == .other)
    #expect(exchange.client == ClientDirectory.anonymous)
  }

  @Test("knows the API of a request whose client it refuses, so that the error has that API's shape")
  func unknownClient() {
    let (exchange, refusal) = RequestPath.open(
      head("/v1/messages", key: "wrong"), requestID: "r", policy: .keyed, now: 0)
    #expect(refusal?.code == .unauthorized)
    #expect(exchange.endpoint == .messages)
    #expect(exchange.client == ClientDirectory.anonymous)
  }

  @Test("admits a body with what was asked, what is sent and what changes")
  func admit() throws {
    let exchange = try admitted(#"{"model":"kimi-k2","stream":true,"user":"u"}"#)
    #expect(exchange.admittedAt == 20)
    #expect(exchange.isStream)
    #expect(exchange.user == "u")
    #expect(exchange.askedModel == "kimi-k2")
    #expect(exchange.model?.upstreamID == "moonshotai/kimi-k2")
    #expect(exchange.edits == ["model"])
  }

  @Test("refuses a body without a model and keeps what it knew by then")
  func noModel() throws {
    let (exchange, _) = RequestPath.open(head(), requestID: "r", policy: .of(), now: 0)
    let body = try envelope(#"{"stream":true}"#)
    let refused = refusal { () throws(Refusal) in
      try RequestPath.admit(exchange, head: head(), envelope: body, policy: .of(), random: 0, now: 5)
    }
    #expect(refused?.param == "model")
    #expect(exchange.isStream)
    #expect(exchange.admittedAt == 5)
    #expect(exchange.splice.isEmpty)
  }

  @Test("lets a request pass whose body nobody reads")
  func unread() throws {
    var head = head("/v1/files")
    head.userID = "u"
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: .of(), now: 0)
    _ = try RequestPath.admitUnread(
      exchange, head: head, policy: .of(), shared: SharedPolicy(.of()), now: 3, wall: 0)
    #expect(exchange.user == "u")
    #expect(exchange.admittedAt == 3)
    #expect(exchange.model == nil)
    #expect(exchange.edits == [])
  }

  /// What the path decides after one attempt.
  private func after(
    _ exchange: Exchange, _ report: AttemptReport, policy: PolicySnapshot = .of(), shared: SharedPolicy,
    isReplayable: Bool = true
  ) -> NextStep {
    RequestPath.afterAttempt(
      exchange, report: report, isReplayable: isReplayable, policy: policy, shared: shared, timeLeft: 60_000_000_000,
      random: 0, now: 40)
  }

  @Test("relays a reply and notes its status and time")
  func relay() throws {
    let shared = SharedPolicy(.of())
    let exchange = try admitted(#"{"model":"m"}"#)
    #expect(try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30) == 0)
    #expect(exchange.attempts == 1)
    #expect(exchange.upstream == "default")
    #expect(exchange.sentAt == 30)
    RequestPath.replied(exchange, status: 400, now: 40)
    #expect(after(exchange, AttemptReport(status: 400), shared: shared) == .relay)
    #expect(exchange.status == 400)
    #expect(exchange.repliedAt == 40)
    #expect(exchange.trail.map(\.status) == [400])
  }

  @Test("tries again what may pass, until the retries are used up, and keeps a record of each attempt")
  func retries() throws {
    let shared = SharedPolicy(.of())
    let exchange = try admitted(#"{"model":"m"}"#)
    for attempt in 1...2 {
      _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
      #expect(RequestPath.mayTryAgain(exchange, policy: .of()))
      RequestPath.replied(exchange, status: 502, now: 40)
      #expect(after(exchange, AttemptReport(status: 502), shared: shared) == .retry(after: 0), "\(attempt)")
    }
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 50)
    #expect(!RequestPath.mayTryAgain(exchange, policy: .of()), "nothing is held back for a verdict that is known")
    RequestPath.replied(exchange, status: 502, now: 60)
    #expect(after(exchange, AttemptReport(status: 502), shared: shared) == .relay)
    #expect(exchange.attempts == 3)
    #expect(exchange.trail.map(\.wasRetried) == [true, true, false])
    #expect(exchange.trail.map(\.failure) == Array(repeating: .status(502), count: 3))
  }

  @Test("goes to the fallback model with a body of its own, and remembers what the request was for")
  func fallBack() throws {
    let policy = PolicySnapshot.of(fallbackModel: "openai/gpt-4-turbo", maxTokens: 100)
    let shared = SharedPolicy(policy)
    let json = #"{"model":"kimi-k2"}"#
    let exchange = try admitted(json, policy: policy)
    #expect(exchange.edits == ["model", "max_tokens"])
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
    RequestPath.replied(exchange, status: 503, now: 40)
    guard case .fallBack(let index) = after(exchange, AttemptReport(status: 503), policy: policy, shared: shared)
    else {
      Issue.record("no fallback")
      return
    }
    let place = try RequestPath.beginAttempt(exchange, from: index, shared: shared, now: 50)
    try RequestPath.aim(exchange, at: place, envelope: envelope(json), policy: policy) { _ in "" }
    #expect(exchange.sentModel == "openai/gpt-4-turbo")
    #expect(exchange.splice.applied(to: json) == #"{"model":"openai/gpt-4-turbo"}"#)
    #expect(exchange.edits == ["model"])
    #expect(exchange.fallbackFrom == "moonshotai/kimi-k2")
    #expect(exchange.fallbackReason?.label == "status_503")
  }

  @Test(
    "a fallback that cannot be made ready is no attempt: the record tells of the one before", arguments: [503, nil])
  func fallBackRefused(status: Int?) throws {
    let policy = PolicySnapshot.of(fallbackModel: "openai/gpt-4-turbo", maxTokens: 100)
    let shared = SharedPolicy(policy)
    let json = #"{"model":"kimi-k2"}"#
    let exchange = try admitted(json, policy: policy)
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
    if let status { RequestPath.replied(exchange, status: status, now: 40) }
    let body = try envelope(json)
    let report = status.map { AttemptReport(status: $0) } ?? AttemptReport(fault: .timeout)
    guard case .fallBack(let index) = after(exchange, report, policy: policy, shared: shared) else {
      Issue.record("no fallback")
      return
    }
    let refused = refusal { () throws(Refusal) in
      _ = try RequestPath.beginAttempt(exchange, from: index, shared: shared, now: 50) { place throws(Refusal) in
        try RequestPath.aim(exchange, at: place, envelope: body, policy: policy) { _ in "" }
        throw Refusal(.budgetExceeded, "too dear", remedy: "Wait.")
      }
    }
    #expect(refused?.code == .budgetExceeded)
    #expect(exchange.attempts == 1 && exchange.trail.count == 1)
    #expect(exchange.sentModel == "moonshotai/kimi-k2" && exchange.model?.upstreamID == "moonshotai/kimi-k2")
    #expect(exchange.edits == ["model", "max_tokens"])
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
    #expect(exchange.status == status)
  }

  @Test("a probe that is not made leaves room for another")
  func probeNotMade() throws {
    let policy = PolicySnapshot.of(fallbackModel: "openai/gpt-4-turbo")
    let shared = SharedPolicy(policy)
    let exchange = try admitted(#"{"model":"kimi-k2"}"#, policy: policy)
    let fallback = try #require(exchange.plan.target(1))
    shared.attempts.open(fallback.key)
    let later: Int64 = 60_000_000_000
    for _ in 0..<2 {
      let refused = refusal { () throws(Refusal) in
        _ = try RequestPath.beginAttempt(exchange, from: 1, shared: shared, now: later) { _ throws(Refusal) in
          throw Refusal(.budgetExceeded, "too dear", remedy: "Wait.")
        }
      }
      #expect(refused?.code == .budgetExceeded, "not circuit_open, as while a probe is under way")
    }
  }

  @Test("refuses for an upstream that failed, and the client's status is weir's own")
  func failed() throws {
    let shared = SharedPolicy(.of())
    let exchange = try admitted(#"{"model":"m"}"#)
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
    let step = after(exchange, AttemptReport(fault: .timeout, reason: "slow"), shared: shared)
    guard case .refuse(let refusal) = step else {
      Issue.record("not refused")
      return
    }
    #expect(exchange.status == nil)
    #expect(exchange.repliedAt == nil)
    RequestPath.refuse(exchange, refusal)
    #expect(exchange.status == 504)
    #expect(exchange.refusal == refusal)
  }

  @Test("keeps the status that the client has already when a reply breaks off")
  func broken() throws {
    let shared = SharedPolicy(.of())
    let (exchange, held) = (try admitted(#"{"model":"m"}"#), try admitted(#"{"model":"m"}"#))
    for exchange in [exchange, held] {
      _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
      RequestPath.replied(exchange, status: 200, now: 40)
    }
    RequestPath.refuse(exchange, JudgeAttempt.broken("cut"), hasBegun: true)
    #expect(exchange.status == 200)
    RequestPath.refuse(held, JudgeAttempt.broken("cut"))
    #expect(held.status == 502, "a reply that was held back never reached the client")
    #expect(exchange.refusal?.code == .upstreamStreamBroken)
  }

  @Test("sends nothing where every circuit is open, and says when to come back")
  func open() throws {
    let shared = SharedPolicy(.of())
    for _ in 0..<5 {
      let exchange = try admitted(#"{"model":"m"}"#)
      _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
      _ = after(exchange, AttemptReport(fault: .unreachable), shared: shared, isReplayable: false)
    }
    let exchange = try admitted(#"{"model":"m"}"#)
    let refused = refusal { () throws(Refusal) in
      _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 50)
    }
    #expect(refused?.code == .circuitOpen)
    #expect(refused?.retryAfterSeconds == 30)
    #expect(exchange.attempts == 0)
  }

  @Test("settles with how it ended, what was read and when")
  func settle() throws {
    let exchange = try admitted(#"{"model":"m"}"#)
    var reading = ReplyReading()
    reading.finishReason = "stop"
    RequestPath.settle(
      exchange, ending: .clientLeft(.reply), reading: reading, lease: nil, policy: .of(), now: 99, wall: 0)
    #expect(exchange.ending == .clientLeft(.reply))
    #expect(exchange.reading?.finishReason == "stop")
    #expect(exchange.endedAt == 99)
  }

  @Test("has a record even of bytes that are no request")
  func unreadable() {
    let exchange = RequestPath.openUnreadable(requestID: "r", now: 1)
    #expect(exchange.method == "-")
    #expect(exchange.endpoint == .other)
    #expect(exchange.client == ClientDirectory.anonymous)
  }
}
