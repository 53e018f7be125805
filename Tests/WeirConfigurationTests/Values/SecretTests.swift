import Testing

@testable import WeirConfiguration

@Suite("Secrets")
struct SecretTests {
  @Test("show asterisks however they are printed")
  func redaction() {
    let secret = Secret("sk-or-v1-abc")
    var dumped = ""
    dump(ClientKey(name: "app", key: secret), to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
      #expect(text.contains("***"))
      #expect(!text.contains("abc"))
    }
  }

  @Test("match themselves only")
  func matching() {
    let secret = Secret("sk-1")
    #expect(secret.matches("sk-1"))
    #expect(secret.reveal() == "sk-1")
    for other in ["", "sk-", "sk-2", "sk-11", "sk-1sk-1", "SK-1"] { #expect(!secret.matches(other)) }
    #expect(!Secret("").matches("a"))
    #expect(Secret("").matches(""))
    #expect(Secret("a") == Secret("a"))
    #expect(Secret("a") != Secret("b"))
  }

  @Test(
    "that are sent in headers hold visible ASCII only",
    arguments: [
      "", "a\r\nX: y", "a\n", "\u{0}", "a b", "ключ", "a\u{7F}", String(repeating: "k", count: 4097),
    ])
  func refused(text: String) {
    let problem = #expect(throws: ValueProblem.self) { try ValueParsers.secret(text) }
    #expect(problem.map { text.isEmpty || !$0.what.contains(text) } == true)
  }
}

@Suite("Client keys")
struct ClientKeyTests {
  @Test("are names and keys, and a key may hold colons")
  func accepted() throws {
    let clients = try ValueType<[ClientKey]>.clientKeys.parse(.text("app:sk-1, batch.job-2 : a:b:c"))
    #expect(clients.map(\.name) == ["app", "batch.job-2"])
    #expect(clients.map { $0.key.reveal() } == ["sk-1", "a:b:c"])
  }

  @Test(
    "are refused without repeating what may be a key",
    arguments: [
      "hunter2", "app:", ":hunter2", "app:hunter2,app:other2", "app:hunter2,web:hunter2", "a b:hunter2",
      "app:hunter2,", "app:hun\nter2", "app:hunter 2", "anonymous:hunter2", "other:hunter2",
      "\(String(repeating: "n", count: 65)):hunter2", "é:hunter2",
    ])
  func refused(text: String) {
    let problem = #expect(throws: ValueProblem.self) {
      try ValueType<[ClientKey]>.clientKeys.parse(.text(text))
    }
    #expect(problem.map { "\($0.what) \($0.fix)".contains("hunter") } == false)
  }

  @Test("are spelled with their names only")
  func spelled() throws {
    let type = ValueType<[ClientKey]>.clientKeys
    #expect(type.spell(try type.parse(.text("app:sk-1,web:sk-2"))) == "app:***,web:***")
  }
}
