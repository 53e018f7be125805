import Testing
import WeirPolicy
import WeirWire

@testable import WeirConfiguration

@Suite("The section clients")
struct ClientsSectionTests {
  private let key = ["OPENROUTER_API_KEY": "k"]

  private func sources(_ yaml: String, file: String? = nil, _ more: [String: String] = [:]) -> Sources {
    Sources(
      environment: key.merging(more) { $1 },
      files: ["weir.yaml": yaml].merging(file.map { ["clients.yaml": $0] } ?? [:]) { $1 }, config: "weir.yaml")
  }

  private static let hash = KeyHash(ofKey: "sk-app-one")

  @Test("says everything that a client may do")
  func everything() throws {
    let configuration = try SectionExample.sources.load()
    #expect(configuration.clients.map(\.profile.name) == ["app", "batch", "desk"])
    #expect(configuration.clients.map(\.keys.count) == [1, 2, 1])
    let desk = try #require(configuration.clients.last?.profile)
    #expect(desk.expiresAt == Timestamp.parse("2099-01-31"))
    #expect(!desk.isDisabled)
    #expect(desk.access.allow == [ModelPattern("gpt-4*"), ModelPattern("swift")])
    #expect(desk.endpoints == [.chatCompletions, .models])
    #expect(desk.tenant == "office")
    #expect(desk.passesUpstreamKey)
    #expect(desk.tokenBounds == TokenBounds(input: 8000, output: 1000))
    #expect(
      desk.tools
        == ToolPermissions(
          allow: [ModelPattern("read_*")], deny: [ModelPattern("read_mail")], onReply: .strip))
    #expect(configuration.clients[0].profile.tools == nil)
  }

  @Test("takes a key, a hash, several hashes, and the forms of WEIR_CLIENT_KEYS")
  func forms() throws {
    let hash = Self.hash
    for yaml in [
      "clients: {app: sk-app-one}", "clients: {app: {key: sk-app-one}}", "clients: {app: {key_hash: '\(hash)'}}",
      "clients: {app: {key_hashes: ['\(hash)']}}", "clients: ['app:sk-app-one']", "clients: app:sk-app-one",
      "clients: ['app:\(hash)']",
    ] {
      let clients = try sources(yaml).load().clients
      #expect(clients.map(\.profile.name) == ["app"], "\(yaml)")
      #expect(clients.map(\.keys) == [[hash]], "\(yaml)")
    }
    #expect(try sources("", ["WEIR_CLIENT_KEYS": "app:\(hash)"]).load().clients.map(\.keys) == [[hash]])
  }

  @Test("is merged with WEIR_CLIENT_KEYS and the file, which is watched")
  func merged() throws {
    let configuration = try sources(
      "clients:\n  file: clients.yaml\n  app: sk-1", file: "batch: {key: sk-2}", ["WEIR_CLIENT_KEYS": "web:sk-3"]
    ).load()
    #expect(configuration.clients.map(\.profile.name) == ["web", "app", "batch"])
    #expect(configuration.files.contains("clients.yaml"))
    #expect(configuration.row("WEIR_CLIENTS_FILE")?.text == "clients.yaml")
    let byVariable = try sources("", file: "batch: sk-2", ["WEIR_CLIENTS_FILE": "clients.yaml"]).load()
    #expect(byVariable.clients.map(\.profile.name) == ["batch"])
    #expect(try sources("", file: "", ["WEIR_CLIENTS_FILE": "clients.yaml"]).load().clients.isEmpty)
  }

  @Test(
    "is refused with file, line, key and remedy",
    arguments: [
      ("clients:\n  app: {key: sk-1}\n  App: {key: sk-2}", 3, "clients.App", "in letter case only"),
      ("clients:\n  a: {key: sk-1}\n  b: {key: sk-1}", 3, "clients.b", "the clients a and b have the same key"),
      ("clients:\n  a: {key: sk-1, key_hash: 'x'}", 2, "clients.a.key_hash", "not a hash of a key"),
      ("clients:\n  a: {key: 'v1:a:b:c'}", 2, "clients.a.key", "is a hash"),
      ("clients:\n  a: {expires: 2099-01-01}", 2, "clients.a", "the client has no key"),
      ("clients:\n  a: {key: sk-1, expires: tomorrow}", 2, "clients.a.expires", "is not a date"),
      ("clients:\n  a: {key: sk-1, models: []}", 2, "clients.a.models", "the list is empty"),
      ("clients:\n  a: {key: sk-1, endpoints: [chats]}", 2, "clients.a.endpoints", "is not one of chat"),
      ("clients:\n  a: {key: sk-1, tools: {allow: []}}", 2, "clients.a.tools.allow", "the list is empty"),
      ("clients:\n  a: {key: sk-1, model: x}", 2, "clients.a.model", "no such key"),
      ("clients:\n  a: {key: sk-1, concurrency: 0}", 2, "clients.a.concurrency", "0"),
      ("clients:\n  other: {key: sk-1}", 2, "clients", "taken by weir"),
      ("clients:\n  Anonymous: {key: sk-1}", 2, "clients", "taken by weir"),
      ("clients:\n  'a b': {key: sk-1}", 2, "clients", "not valid"),
      ("clients:\n  a: 'sk é'", 2, "clients.a", "characters beyond ASCII"),
      ("clients:\n  file: {key: sk-1}", 2, "clients.file", "no client can have this name"),
      (
        "clients:\n  a: {key: sk-1, tenant: t}\ncache: {shared_tenants: [[a, b]]}", 2, "clients.a.tenant",
        "names a too"
      ),
    ])
  func refused(yaml: String, line: Int, key: String, what: String) throws {
    let problem = try #require(sources(yaml).problems.first { $0.severity == .error })
    #expect(problem.source == "weir.yaml")
    #expect(problem.line == line)
    #expect(problem.key == key)
    #expect(problem.what.contains(what), "\(problem)")
    #expect(!problem.description.contains("sk-"))
  }

  @Test("is refused where a name or key is in two places, or the file is not there")
  func places() {
    let names = sources("clients: {app: sk-1}", ["WEIR_CLIENT_KEYS": "app:sk-2"]).problems
    #expect(names.contains { $0.what == "another client is named app (environment WEIR_CLIENT_KEYS)" })
    let keys = sources("clients: {a: sk-1, file: clients.yaml}", file: "b: {key_hash: '\(KeyHash(ofKey: "sk-1"))'}")
    let inFile = keys.problems.filter { $0.source == "clients.yaml" }
    #expect(inFile.contains { $0.what == "the clients a and b have the same key" })
    #expect(sources("clients: {file: none.yaml}").problems.contains { $0.what.contains("does not exist") })
    #expect(
      sources("clients: {file: clients.yaml}", file: "- a").problems.contains { $0.what.contains("not hold clients") })
  }

  @Test(
    "takes keys with odd characters as they are",
    arguments: ["a:b:c", "a=b", "a,b", "a\"b", "a#b", "#a", "a'b", "a\\b", "{a}", "%61", "~a!"])
  func oddKeys(text: String) throws {
    let quoted = "'" + text.replacing("'", with: "''") + "'"
    #expect(try sources("clients: {app: \(quoted)}").load().clients.map(\.keys) == [[KeyHash(ofKey: text)]])
  }

  @Test("warns once of all keys that stand there as they are, and of models that are none")
  func warnings() {
    let plain = sources("clients: {a: sk-1, b: {key: sk-2}}").problems
    #expect(plain.map(\.what) == ["2 of the keys stand in the file as they are"])
    let dead = sources("clients: {a: {key_hash: '\(Self.hash)', models: [gtp-4]}}").problems
    #expect(dead.map(\.isDeadRule) == [true])
  }

  @Test("may hold ten thousand clients")
  func many() throws {
    let lines = (0..<10_000).map { "c\($0): {key: key-number-\($0), requests_per_minute: \($0 + 1)}\n" }
    let configuration = try sources("clients: {file: clients.yaml}", file: lines.joined()).load()
    #expect(configuration.clients.count == 10_000)
    #expect(configuration.limitPolicy.rates.count == 10_000)
    #expect(configuration.sections.filter { $0.name.hasPrefix("clients") }.count == 201)
  }
}

@Suite("A key that weir issues")
struct IssuedKeyTests {
  @Test("lets its client in by the entry that is printed")
  func entry() throws {
    var generator = SystemRandomNumberGenerator()
    let issued = try IssuedKey(name: "web", expires: "2099-01-31", now: 0, using: &generator)
    let configuration = try Sources(
      environment: ["OPENROUTER_API_KEY": "k", "WEIR_CLIENTS_FILE": "c.yaml"], files: ["c.yaml": issued.entry]
    ).load()
    let directory = ClientDirectory(configuration.clients)
    let found = try directory.identify(authorization: nil, apiKey: issued.key.reveal())
    #expect(found?.client.name == "web")
    #expect(found?.client.expiresAt == Timestamp.parse("2099-01-31"))
    #expect(configuration.warnings.isEmpty)
    #expect(!issued.entry.contains(issued.key.reveal()))
  }

  @Test("is refused for a name or date that the configuration would refuse")
  func refused() {
    var generator = SystemRandomNumberGenerator()
    #expect(throws: IssuedKey.Fault.self) { try IssuedKey(name: "a b", expires: nil, now: 0, using: &generator) }
    #expect(throws: IssuedKey.Fault.self) { try IssuedKey(name: "a", expires: "soon", now: 0, using: &generator) }
    #expect(throws: IssuedKey.Fault.self) {
      try IssuedKey(name: "a", expires: "1970-01-02", now: 86_400, using: &generator)
    }
    #expect(throws: Never.self) { try IssuedKey(name: "a", expires: "1970-01-02", now: 86_399, using: &generator) }
    #expect(throws: IssuedKey.Fault.self) { try IssuedKey.hash(of: "\n", using: &generator) }
    #expect(throws: IssuedKey.Fault.self) { try IssuedKey.hash(of: "a key", using: &generator) }
  }

  @Test("is hashed without the line end that a file has")
  func lineEnd() throws {
    var generator = SystemRandomNumberGenerator()
    let hash = try IssuedKey.hash(of: "sk-old\n", using: &generator)
    #expect(hash.id == KeyHash(ofKey: "sk-old").id)
  }
}
