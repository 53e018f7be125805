import Testing

@testable import WeirPolicy

@Suite("A model that is asked for")
struct AuthorizeModelTests {
  private let moonshotOnly = PolicySnapshot.of(
    access: ModelAccess(allow: [ModelPattern("moonshotai/*")], deny: [ModelPattern("moonshotai/kimi-k2-thinking")]))

  private func refused(_ asked: String) -> Refusal? {
    refusal { () throws(Refusal) in _ = try AuthorizeModel.authorize(asked, for: nil, policy: moonshotOnly) }
  }

  @Test("lets a client have only the models that it may ask for, under all their names, and says which")
  func client() throws {
    let client = ClientProfile(name: "app", access: ModelAccess(allow: [ModelPattern("moonshotai/*")]))
    let policy = PolicySnapshot.of()
    #expect(try AuthorizeModel.authorize("kimi-k2", for: client, policy: policy)?.upstreamID == "moonshotai/kimi-k2")
    #expect(AuthorizeModel.permits("moonshotai/kimi-k2:free", for: client, policy: policy))
    #expect(!AuthorizeModel.permits("openai/gpt-4o", for: client, policy: policy))
    let found = refusal { () throws(Refusal) in
      _ = try AuthorizeModel.authorize("openai/gpt-4o", for: client, policy: policy)
    }
    #expect(found?.code == .modelNotAllowed)
    #expect(found?.remedy == "It may ask for: moonshotai/*.")
  }

  @Test("is read by the catalog")
  func resolved() throws {
    let model = try #require(try AuthorizeModel.authorize("kimi-k2", for: nil, policy: .of()))
    #expect(model.upstreamID == "moonshotai/kimi-k2")
    #expect(model.isKimi)
    #expect(try AuthorizeModel.authorize("any/thing", for: nil, policy: .of())?.upstreamID == "any/thing")
  }

  @Test("is that of a stored prompt only where all are allowed, to everybody and to the client")
  func stored() throws {
    func admitted(_ access: ModelAccess, _ json: String = #"{"prompt":{"id":"p"}}"#) -> Refusal? {
      let policy = PolicySnapshot.of(access: access)
      let head = RequestHead(method: "POST", target: "/v1/responses")
      let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
      do {
        try RequestPath.admit(exchange, head: head, json: json, policy: policy)
        return nil
      } catch { return error as? Refusal }
    }
    let some = ModelAccess(allow: [ModelPattern("moonshotai/*")])
    #expect(admitted(ModelAccess()) == nil)
    #expect(admitted(some)?.code == .modelNotAllowed)
    #expect(admitted(ModelAccess(deny: [ModelPattern("*:online")]))?.code == .modelNotAllowed)
    #expect(admitted(some, #"{"prompt":{"id":"p"},"model":"kimi-k2"}"#) == nil)
    #expect(admitted(some, #"{"prompt":{"id":"p"},"models":["kimi-k2"]}"#) == nil)
  }

  @Test("may be none")
  func none() throws {
    #expect(try AuthorizeModel.authorize(nil, for: nil, policy: moonshotOnly) == nil)
  }

  @Test(
    "is let through where a pattern allows it, under each of its names", arguments: ["kimi-k2", "moonshotai/kimi-k2"])
  func allowed(asked: String) throws {
    #expect(try AuthorizeModel.authorize(asked, for: nil, policy: moonshotOnly)?.upstreamID == "moonshotai/kimi-k2")
  }

  @Test(
    "is refused where no pattern allows it, or one denies it",
    arguments: ["openai/gpt-4o", "moonshotai/kimi-k2-thinking", "x"])
  func denied(asked: String) throws {
    let refusal = try #require(refused(asked))
    #expect(refusal.code == .modelNotAllowed)
    #expect(refusal.status == 403)
    #expect(refusal.param == "model")
  }

  @Test("is refused with the allowed models of a similar name, and never with a denied one")
  func nearNames() throws {
    let refusal = try #require(refused("kimi-k3"))
    #expect(refusal.remedy.contains("kimi-k2"))
    #expect(!refusal.remedy.contains("thinking"))
    #expect(refused("zzzzzzzzzzzzzzzzzzzzzzzz")?.remedy.contains("operator") == true)
  }

  @Test("is not repeated in the log of a refusal")
  func logged() {
    #expect(refused("s3cr3t")?.logged.contains("s3cr3t") == false)
  }
}
