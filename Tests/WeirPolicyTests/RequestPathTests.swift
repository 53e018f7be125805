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
    var (exchange, _) = RequestPath.open(head(), requestID: "r", policy: policy, now: 10)
    try RequestPath.admit(&exchange, head: head(), json: json, policy: policy, now: 20)
    return exchange
  }

  @Test("opens with where the request goes and who asks")
  func open() {
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
    var (exchange, _) = RequestPath.open(head(), requestID: "r", policy: .of(), now: 0)
    let body = try envelope(#"{"stream":true}"#)
    let refused = refusal { () throws(Refusal) in
      try RequestPath.admit(&exchange, head: head(), envelope: body, policy: .of(), random: 0, now: 5)
    }
    #expect(refused?.param == "model")
    #expect(exchange.isStream)
    #expect(exchange.admittedAt == 5)
    #expect(exchange.splice.isEmpty)
  }

  @Test("lets a request pass whose body nobody reads")
  func unread() {
    var head = head("/v1/files")
    head.userID = "u"
    var (exchange, _) = RequestPath.open(head, requestID: "r", policy: .of(), now: 0)
    RequestPath.admitUnread(&exchange, head: head, now: 3)
    #expect(exchange.user == "u")
    #expect(exchange.admittedAt == 3)
    #expect(exchange.model == nil)
    #expect(exchange.edits == [])
  }

  @Test("relays a reply and notes its status and time")
  func relay() throws {
    var exchange = try admitted(#"{"model":"m"}"#)
    RequestPath.beginAttempt(&exchange, upstream: "openrouter.ai", now: 30)
    #expect(exchange.attempts == 1)
    #expect(exchange.upstream == "openrouter.ai")
    #expect(exchange.sentAt == 30)
    #expect(RequestPath.afterAttempt(&exchange, outcome: .reply(status: 429), now: 40) == .relay)
    #expect(exchange.status == 429)
    #expect(exchange.repliedAt == 40)
  }

  @Test("refuses for an upstream that failed, and the client's status is weir's own")
  func failed() throws {
    var exchange = try admitted(#"{"model":"m"}"#)
    RequestPath.beginAttempt(&exchange, upstream: "u", now: 30)
    let step = RequestPath.afterAttempt(&exchange, outcome: .fault(.timeout, reason: "slow"), now: 40)
    guard case .refuse(let refusal) = step else {
      Issue.record("not refused")
      return
    }
    #expect(exchange.status == nil)
    #expect(exchange.repliedAt == nil)
    RequestPath.refuse(&exchange, refusal)
    #expect(exchange.status == 504)
    #expect(exchange.refusal == refusal)
  }

  @Test("keeps the status that the client has already when a reply breaks off")
  func broken() throws {
    var exchange = try admitted(#"{"model":"m"}"#)
    RequestPath.beginAttempt(&exchange, upstream: "u", now: 30)
    _ = RequestPath.afterAttempt(&exchange, outcome: .reply(status: 200), now: 40)
    RequestPath.refuse(&exchange, JudgeAttempt.broken("cut"))
    #expect(exchange.status == 200)
    #expect(exchange.refusal?.code == .upstreamStreamBroken)
  }

  @Test("settles with how it ended, what was read and when")
  func settle() throws {
    var exchange = try admitted(#"{"model":"m"}"#)
    var reading = ReplyReading()
    reading.finishReason = "stop"
    RequestPath.settle(&exchange, ending: .clientLeft(.reply), reading: reading, now: 99)
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
