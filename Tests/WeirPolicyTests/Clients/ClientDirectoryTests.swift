import Testing

@testable import WeirPolicy

@Suite("A directory of clients")
struct ClientDirectoryTests {
  private let directory = ClientDirectory(keys: [
    (name: "alice", key: "key-a"), (name: "bob", key: "key-b"), (name: "carol", key: "key-abc"),
  ])

  @Test("without entries lets anyone pass and asks for no key")
  func open() throws {
    let empty = ClientDirectory()
    #expect(!empty.isRequired)
    #expect(try empty.identify(authorization: nil, apiKey: nil) == nil)
    #expect(try empty.identify(authorization: "Bearer whatever", apiKey: "x") == nil)
  }

  @Test(
    "knows a client by a bearer token, whatever the scheme's letter case",
    arguments: ["Bearer key-b", "bearer key-b", "BEARER key-b", "BeArEr   key-b"])
  func bearer(authorization: String) throws {
    #expect(try directory.identify(authorization: authorization, apiKey: nil)?.client.name == "bob")
  }

  @Test("knows a client by x-api-key")
  func apiKey() throws {
    #expect(try directory.identify(authorization: nil, apiKey: "key-a")?.client.name == "alice")
  }

  @Test("takes whichever of the two headers holds a known key, the bearer token first")
  func either() throws {
    #expect(try directory.identify(authorization: "Bearer sk-other", apiKey: "key-a")?.client.name == "alice")
    #expect(try directory.identify(authorization: "Basic key-b", apiKey: "key-a")?.client.name == "alice")
    #expect(try directory.identify(authorization: "Bearer key-b", apiKey: "key-a")?.client.name == "bob")
    #expect(try directory.identify(authorization: "Bearer key-b", apiKey: "sk-other")?.client.name == "bob")
  }

  @Test(
    "does not take a near miss for a key",
    arguments: [
      "", "k", "key-", "key-ab", "key-a ", "key-aa", "key-akey-a", "KEY-A", "key-abcd", "key-a\u{0}", "key-é",
    ])
  func nearMiss(key: String) {
    #expect(refusal { () throws(Refusal) in _ = try directory.identify(authorization: nil, apiKey: key) } != nil)
    let authorization = "Bearer \(key)"
    #expect(
      refusal { () throws(Refusal) in _ = try directory.identify(authorization: authorization, apiKey: nil) }
        != nil)
  }

  @Test(
    "takes a key from no other scheme",
    arguments: ["key-a", "Basic key-a", "Bearerkey-a", "Bearer\tkey-a", "Token key-a", " Bearer key-a", "Bearer"])
  func otherScheme(authorization: String) {
    #expect(
      refusal { () throws(Refusal) in _ = try directory.identify(authorization: authorization, apiKey: nil) }
        != nil)
  }

  @Test("says whether no key came or an unknown one, with 401, and never repeats the key")
  func refusals() throws {
    let missing = try #require(
      refusal { () throws(Refusal) in _ = try directory.identify(authorization: nil, apiKey: nil) })
    let unknown = try #require(
      refusal { () throws(Refusal) in _ = try directory.identify(authorization: "Bearer s3cr3t", apiKey: nil) })
    #expect(missing.what == "no API key was sent")
    #expect(unknown.what == "the API key is not known to this proxy")
    for refusal in [missing, unknown] {
      #expect(refusal.code == .unauthorized)
      #expect(refusal.status == 401)
      #expect(refusal.fields == [Refusal.Field(name: "www-authenticate", value: "Bearer")])
      #expect(!refusal.message(requestID: "r").contains("s3cr3t"))
      #expect(!refusal.logged.contains("s3cr3t"))
    }
  }

  @Test("never takes an empty key, even where an entry has one")
  func emptyKey() {
    let careless = ClientDirectory(keys: [(name: "nobody", key: "")])
    #expect(careless.isRequired)
    #expect(refusal { () throws(Refusal) in _ = try careless.identify(authorization: nil, apiKey: "") } != nil)
    #expect(
      refusal { () throws(Refusal) in _ = try careless.identify(authorization: "Bearer ", apiKey: nil) } != nil)
    #expect(refusal { () throws(Refusal) in _ = try careless.identify(authorization: nil, apiKey: "x") } != nil)
  }

  @Test("finds each of ten thousand clients, by every key that is valid while one is replaced")
  func many() throws {
    var generator = Countdown(state: 7)
    let keys = (0..<10_000).map { _ in ClientSecret.make(using: &generator) }
    let clients = keys.enumerated().map { number, key in
      ClientDirectory.Client(
        ClientProfile(name: "client-\(number)"),
        keys: [KeyHash(ofKey: key, using: &generator), KeyHash(ofKey: "old-key-\(number)", using: &generator)])
    }
    let directory = ClientDirectory(clients)
    for number in stride(from: 0, to: keys.count, by: 997) {
      for key in [keys[number], "old-key-\(number)"] {
        let found = try directory.identify(authorization: "Bearer \(key)", apiKey: nil)
        #expect(found?.client.name == "client-\(number)")
      }
      #expect(!directory.knows(keys[number] + "x"))
    }
  }

  @Test("says which header held the key, and knows its keys in any")
  func headers() throws {
    #expect(try directory.identify(authorization: "Bearer key-a", apiKey: "x")?.header == .authorization)
    #expect(try directory.identify(authorization: "Bearer x", apiKey: "key-a")?.header == .apiKey)
    #expect(directory.knows("key-a") && directory.knows("Bearer key-a") && !directory.knows("Basic key-a"))
    #expect(!directory.knows("sk-own") && !directory.knows(""))
    #expect(!ClientDirectory().knows("key-a"))
  }

  @Test("asks for a key where clients have none that is valid")
  func keyless() {
    let directory = ClientDirectory([ClientDirectory.Client(ClientProfile(name: "app"), keys: [])])
    #expect(directory.isRequired)
    #expect(refusal { () throws(Refusal) in _ = try directory.identify(authorization: nil, apiKey: "x") } != nil)
  }

  @Test("gives the first of two clients with the same key")
  func sameKey() throws {
    let twice = ClientDirectory(keys: [(name: "first", key: "same"), (name: "second", key: "same")])
    #expect(try twice.identify(authorization: nil, apiKey: "same")?.client.name == "first")
  }
}
