import Testing

@testable import WeirConfiguration

@Suite("The URL of the shared store")
struct RedisURLTests {
  private func read(_ text: String) throws -> RedisURL { try ValueParsers.redisURL(text) }

  @Test(
    "names host, port and database, with the usual ones where it is silent",
    arguments: [
      ("redis://r", "r", 6379, 0), ("redis://r/", "r", 6379, 0), ("REDIS://r:1/2", "r", 1, 2),
      ("redis://[::1]:7000/15", "::1", 7000, 15), ("redis://10.0.0.1", "10.0.0.1", 6379, 0),
    ])
  func network(_ text: String, _ host: String, _ port: Int, _ database: Int) throws {
    #expect(try read(text) == RedisURL(place: .network(host: host, port: port), database: database))
  }

  @Test("names a socket and its database")
  func socket() throws {
    #expect(try read("unix:///run/r.sock") == RedisURL(place: .socket(path: "/run/r.sock")))
    #expect(try read("redis+unix:///r?db=3") == RedisURL(place: .socket(path: "/r"), database: 3))
    #expect(try read("unix://u:p@/r").password == Secret("p"))
  }

  @Test(
    "decodes user and password",
    arguments: [
      ("redis://:p@r", nil, "p"), ("redis://u:p@r", "u", "p"), ("redis://u:p:q@r", "u", "p:q"),
      ("redis://u%40x:%3A%2f%25@r", "u@x", ":/%"), ("redis://:a@b@r", nil, "a@b"),
    ] as [(String, String?, String)])
  func login(_ text: String, _ user: String?, _ password: String) throws {
    let url = try read(text)
    #expect(url.user == user)
    #expect(url.password == Secret(password))
  }

  @Test(
    "is refused without quoting it",
    arguments: [
      "", "hunter2", "http://:hunter2@r", "redis://", "redis://:hunter2@", "redis://hunter2@r", "redis://:hunter2%zz@r",
      "redis://:hunter2@r:0", "redis://:hunter2@r:65536", "redis://:hunter2@r/x", "redis://:hunter2@r/1/2",
      "redis://:hunter2@r/-1", "redis://:hunter2@r?x=1", "redis://:hunter2@r r", "unix://hunter2",
      "unix:///r?x=hunter2",
      "unix:///" + String(repeating: "hunter2", count: 20), "redis://:hunter2%ff@r", "redis://:hunter2@[::1",
    ])
  func refused(_ text: String) {
    let problem = #expect(throws: ValueProblem.self) { try read(text) }
    #expect(problem.map { !"\($0.what) \($0.fix)".contains("hunter2") } == true)
  }

  @Test("says whether TLS is spoken")
  func tls() throws {
    let secure = RedisURL(place: .network(host: "r", port: 6379), isSecure: true, password: Secret("hunter2"))
    #expect(try read("rediss://:hunter2@r") == secure)
    #expect(try !read("redis://r").isSecure)
    #expect(try !read("unix:///r").isSecure)
  }

  @Test("never shows its password, however it is printed")
  func printing() throws {
    var text = ""
    dump(try read("redis://u:hunter2@r"), to: &text)
    #expect(!(text + "\(try read("redis://u:hunter2@r"))").contains("hunter2"))
  }

  @Test("is off by default, and where it says so")
  func off() throws {
    #expect(try Sources().load().sharedState.url == nil)
    #expect(try Sources.environment(["WEIR_REDIS_URL": "off"]).load().sharedState.url == nil)
    #expect(try Sources.yaml("redis:\n  url: redis://r").load().sharedState.url?.database == 0)
    #expect(Sources.yaml("redis:\n  url: redisss://r").problems.map(\.line) == [2])
  }

  @Test("needs a restart to change, although both are spelled alike")
  func restart() throws {
    let before = try Sources.environment(["WEIR_REDIS_URL": "redis://:a@r"]).load()
    let after = try Sources.environment(["WEIR_REDIS_URL": "redis://:b@r"]).load()
    #expect(after.settingsAwaitingRestart(since: before) == ["WEIR_REDIS_URL"])
    #expect(after.settingsAwaitingRestart(since: after) == [])
  }
}

@Suite("The settings of shared state")
struct SharedStateSettingsTests {
  @Test(
    "take prefixes without braces or blanks", arguments: ["", "a b", "{a}:", "a}", String(repeating: "a", count: 65)])
  func prefix(_ text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.redisPrefix(text) }
    #expect(throws: Never.self) { try ValueParsers.redisPrefix("team-a:weir:") }
  }

  @Test("take a key of 32 bytes in either base64, and show neither it nor what is wrong with it")
  func cacheKey() throws {
    let bytes: [UInt8] = Array(repeating: 0xfb, count: 32)
    let spelled = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s="
    #expect(try ValueParsers.redisCacheKey(spelled).reveal() == bytes)
    let forURLs = spelled.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    #expect(try ValueParsers.redisCacheKey(forURLs).reveal() == bytes)
    #expect("\(try ValueParsers.redisCacheKey(spelled))" == "***")
    for wrong in ["", "hunter2!", "aHVudGVyMg==", spelled + "AAAA"] {
      let problem = #expect(throws: ValueProblem.self) { try ValueParsers.redisCacheKey(wrong) }
      #expect(problem.map { wrong.isEmpty || !$0.what.contains(wrong) } == true)
    }
  }

  @Test("warn of a key that encrypts nothing")
  func keyWithoutStore() throws {
    let key = String(repeating: "A", count: 43)
    let lonely = try Sources.environment(["WEIR_REDIS_CACHE_KEY": key]).load()
    #expect(lonely.warnings.map(\.key) == ["WEIR_REDIS_CACHE_KEY"])
    let used = try Sources.environment(["WEIR_REDIS_CACHE_KEY": key, "WEIR_REDIS_URL": "redis://r"]).load()
    #expect(used.warnings.isEmpty)
  }
}
