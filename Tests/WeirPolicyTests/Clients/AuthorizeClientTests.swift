import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Authorizing a client")
struct AuthorizeClientTests {
  private static func policy(_ profile: ClientProfile) -> PolicySnapshot {
    PolicySnapshot(
      clients: ClientDirectory([
        ClientDirectory.Client(profile, keys: [KeyHash(ofKey: "key-a")]),
        ClientDirectory.Client(ClientProfile(name: "other"), keys: [KeyHash(ofKey: "key-b")]),
      ]),
      models: .builtIn, killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: .builtIn))
  }

  private func open(
    _ profile: ClientProfile, path: String = "/v1/chat/completions", method: String = "POST",
    authorization: String? = "Bearer key-a", apiKey: String? = nil, wall: Int64 = 1000
  ) -> (Exchange, Refusal?) {
    var head = RequestHead(method: method, target: path)
    head.authorization = authorization
    head.apiKey = apiKey
    return RequestPath.open(head, requestID: "r", policy: Self.policy(profile), now: 0, wall: wall)
  }

  @Test("notes who asks, and that none of its credentials go upstream")
  func known() {
    let (exchange, refusal) = open(ClientProfile(name: "app"))
    #expect(refusal == nil)
    #expect(exchange.client == "app")
    #expect(exchange.profile?.name == "app")
    #expect(exchange.ownCredentials == .none)
  }

  @Test("leaves everything to the client where no keys are asked for")
  func open() {
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    let (exchange, refusal) = RequestPath.open(head, requestID: "r", policy: .of(), now: 0)
    #expect(refusal == nil)
    #expect(exchange.profile == nil)
    #expect(exchange.ownCredentials == .all)
  }

  @Test("refuses a key from the second that it expires in, says so, and still knows whose it was")
  func expiry() {
    let profile = ClientProfile(name: "app", expiresAt: 1_795_219_200)
    #expect(open(profile, wall: 1_795_219_199).1 == nil)
    let (exchange, refusal) = open(profile, wall: 1_795_219_200)
    #expect(refusal?.code == .unauthorized)
    #expect(refusal?.status == 401)
    #expect(refusal?.what == "the API key expired at 2026-11-21T00:00:00Z")
    #expect(exchange.client == "app")
  }

  @Test("does not read the clock for a client whose keys never expire")
  func noClock() {
    var reads = 0
    func clock() -> Int64 {
      reads += 1
      return 0
    }
    var head = RequestHead(method: "POST", target: "/v1/messages")
    head.apiKey = "key-a"
    let policy = Self.policy(ClientProfile(name: "app"))
    #expect(RequestPath.open(head, requestID: "r", policy: policy, now: 0, wall: clock()).1 == nil)
    #expect(reads == 0)
  }

  @Test("refuses a client that is switched off")
  func disabled() {
    let refusal = open(ClientProfile(name: "app", isDisabled: true)).1
    #expect(refusal?.code == .unauthorized)
    #expect(refusal?.what == "the API key belongs to a client that is switched off")
  }

  @Test(
    "refuses an API that the client may not call with 403, and never feedback",
    arguments: [
      ("POST", "/v1/chat/completions", true), ("GET", "/v1/models", true), ("POST", "/v1/embeddings", false),
      ("POST", "/v1/images", false), ("POST", "/weir/feedback", true),
    ])
  func endpoints(method: String, path: String, isAllowed: Bool) {
    let profile = ClientProfile(name: "app", endpoints: [.chatCompletions, .models])
    let refusal = open(profile, path: path, method: method).1
    #expect((refusal == nil) == isAllowed)
    guard !isAllowed else { return }
    #expect(refusal?.code == .invalidRequest)
    #expect(refusal?.status == 403)
    #expect(refusal?.remedy == "It may call: chat, models.")
  }

  @Test("lets the other header go upstream where the client may pass a key, and never one of this proxy's keys")
  func passing() {
    let passing = ClientProfile(name: "app", passesUpstreamKey: true)
    func own(_ authorization: String?, _ apiKey: String?, _ profile: ClientProfile) -> OwnCredentials {
      open(profile, authorization: authorization, apiKey: apiKey).0.ownCredentials
    }
    #expect(own("Bearer key-a", "sk-own", passing) == .apiKey)
    #expect(own("Bearer sk-own", "key-a", passing) == .authorization)
    #expect(own("Bearer key-a", nil, passing) == .none)
    #expect(own("Bearer key-a", "key-a", passing) == .none)
    #expect(own("Bearer key-a", "key-b", passing) == .none)
    #expect(own("Bearer key-a", "Bearer key-b", passing) == .none)
    #expect(own("Bearer key-a", "sk-own", ClientProfile(name: "app")) == .none)
  }
}
