import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("The upstreams")
struct UpstreamsSectionTests {
  private func upstreams(_ sources: Sources) throws -> [Configuration.NamedUpstream] { try sources.load().upstreams }

  @Test("are the one of the settings alone where nobody names another")
  func alone() throws {
    let configuration = try Sources.environment([
      "WEIR_UPSTREAM_URL": "http://127.0.0.1:1/v1", "OPENROUTER_API_KEY": "k",
    ]).load()
    let upstream = try #require(configuration.upstreams.first)
    #expect(configuration.upstreams.count == 1)
    #expect([upstream.id, upstream.name] == ["default", "127.0.0.1"])
    #expect(upstream.url == configuration.upstream.url)
    #expect(upstream.apiKey == Secret("k"))
    #expect(upstream.timeouts == configuration.timeouts)
    #expect(upstream.passesClientKey && !upstream.backsKimi)
    #expect(upstream.headers.isEmpty && upstream.modelNames.isEmpty)
  }

  @Test("say everything that an upstream can be")
  func everything() throws {
    let configuration = try SectionExample.sources.load()
    #expect(configuration.upstreams.map(\.id) == ["default", "acme", "moonshot"])
    #expect(configuration.upstreams.map(\.name) == ["openrouter.ai", "acme", "moonshot"])
    let first = configuration.upstreams[0]
    #expect(first.headers == [.init(name: "X-Team", value: Secret("search"))])
    #expect(first.url == configuration.upstream.url)
    let acme = configuration.upstreams[1]
    #expect(acme.url.description == "http://127.0.0.1:9000/v1")
    #expect(acme.apiKey == Secret("hunter2"))
    #expect(!acme.passesClientKey && !acme.backsKimi)
    #expect(acme.headers == [.init(name: "X-Tenant", value: Secret("hunter5"))])
    #expect(acme.route.name(of: "ACME/swift-1") == "swift-1")
    #expect(acme.route.name(of: "acme-swift") == "swift-1")
    #expect(acme.route.name(of: "gpt-4") == "gpt-4")
    let times = acme.timeouts
    #expect(
      [times.connect, times.firstByte, times.idle, times.total] == [
        .seconds(1), .seconds(30), .seconds(10), .seconds(90),
      ])
    #expect(times.clientIdle == configuration.timeouts.clientIdle)
    #expect(configuration.upstreams[2].apiKey == Secret("hunter6"))
    #expect(configuration.upstreams[2].backsKimi)
  }

  @Test("are asked for the usage of streams where the file says so, or where they are known to need it")
  func streamUsage() throws {
    #expect(StreamUsage.usual(id: "default", host: "openrouter.ai") == .asIs)
    #expect(StreamUsage.usual(id: "mirror", host: "EU.OpenRouter.ai") == .asIs)
    #expect(StreamUsage.usual(id: "default", host: "api.openai.com") == .add)
    #expect(StreamUsage.usual(id: "default", host: "127.0.0.1") == .asIs)
    let sources = Sources.yaml(
      """
      upstreams:
        default: {stream_usage: add}
        local: {url: 'http://localhost/v1'}
        other: {url: 'http://localhost/v1', stream_usage: AS_IS}
        moonshot: {api_key: k}
      """)
    #expect(try upstreams(sources).map(\.needsUsageAsked) == [true, true, false, true])
    #expect(try upstreams(sources).map(\.route.needsUsageAsked) == [true, true, false, true])
    let wrong = Sources.yaml("upstreams: {local: {url: 'http://localhost/v1', stream_usage: yes}}")
    #expect(wrong.problems.map(\.what).contains("\"yes\" is not one of add, as_is"))
  }

  @Test("read a key from the env file too, and the environment before it")
  func keyVariable() throws {
    var sources = Sources.yaml(
      "upstreams: {v: {url: 'http://localhost/v1', api_key_env: V_KEY}}\nmodels: {catalog: [{id: a/b, upstreams: [v]}]}"
    )
    #expect(sources.problems.map(\.what) == ["the variable V_KEY is not set"])
    #expect(sources.problems.map(\.key) == ["upstreams.v.api_key_env"])
    sources.files[".env"] = "V_KEY=one\n"
    #expect(try upstreams(sources)[1].apiKey == Secret("one"))
    sources.environment["V_KEY"] = "two"
    #expect(try upstreams(sources)[1].apiKey == Secret("two"))
    sources.environment["V_KEY"] = "hunter2 x"
    #expect(sources.problems.map(\.severity) == [.error])
    #expect(!sources.problems.description.contains("hunter"))
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("{A: {url: 'http://localhost'}}", "upstreams.A", "is not an upstream's name"),
      ("{a: x}", "upstreams.a", "a single value stands where keys belong"),
      ("{a: {}}", "upstreams.a", "url is missing"),
      ("{a: {url: localhost}}", "upstreams.a.url", "does not begin with https:// or http://"),
      ("{a: {url: 'http://localhost', ulr: x}}", "upstreams.a.ulr", "there is no such key"),
      ("{a: {url: 'http://localhost', api_key: 'a b'}}", "upstreams.a.api_key", "holds blanks"),
      (
        "{a: {url: 'http://localhost', api_key: k, api_key_env: K}}", "upstreams.a.api_key_env",
        "api_key stands beside it"
      ),
      (
        "{a: {url: 'http://localhost', api_key_env: sk-hunter}}", "upstreams.a.api_key_env",
        "not the name of a variable"
      ),
      ("{a: {url: 'http://localhost', api_key_env: WEIR_K}}", "upstreams.a.api_key_env", "are weir's own"),
      (
        "{a: {url: 'http://localhost', api_key: k, pass_client_key: true}}", "upstreams.a.pass_client_key",
        "weir's own key goes there"
      ),
      ("{a: {url: 'http://localhost', headers: {'a b': c}}}", "upstreams.a.headers", "other characters"),
      ("{a: {url: 'http://localhost', headers: {Host: c}}}", "upstreams.a.headers", "the header Host is set by weir"),
      ("{a: {url: 'http://localhost', headers: {TE: c}}}", "upstreams.a.headers", "the header TE is set by weir"),
      ("{a: {url: 'http://localhost', headers: {Content-Length: 5}}}", "upstreams.a.headers", "is set by weir"),
      ("{a: {url: 'http://localhost', headers: {X: \"a\\nb\"}}}", "upstreams.a.headers.X", "holds line breaks"),
      ("{a: {url: 'http://localhost', headers: {X: a, x: b}}}", "upstreams.a.headers", "the header x is given twice"),
      (
        "{a: {url: 'http://localhost', api_key: k, headers: {authorization: b}}}", "upstreams.a.headers.authorization",
        "the upstream's key is sent in this header"
      ),
      ("{a: {url: 'http://localhost', models: {'gpt*': b}}}", "upstreams.a.models.gpt*", "an id names one model"),
      (
        "{a: {url: 'http://localhost', models: {gpt-4: b, GPT-4: c}}}", "upstreams.a.models.GPT-4",
        "openai/gpt-4 is named twice"
      ),
      ("{a: {url: 'http://localhost', timeouts: {total: 0}}}", "upstreams.a.timeouts.total", "out of range"),
      ("{a: {url: 'http://localhost', retry: {retries: x}}}", "upstreams.a.retry.retries", "not a whole number"),
      (
        "{default: {url: 'http://localhost'}}", "upstreams.default.url", "the settings say this of the upstream default"
      ),
      ("{default: {api_key: k}}", "upstreams.default.api_key", "the settings say this of the upstream default"),
      ("{moonshot: {}}", "upstreams.moonshot", "moonshot has no key"),
      ("[a]", "upstreams", "a list stands where keys belong"),
    ])
  func wrong(section: String, key: String, what: String) {
    let problems = Sources.yaml("# c\nupstreams: \(section)\n").problems.filter { $0.severity == .error }
    #expect(problems.map(\.key) == [key])
    for problem in problems {
      #expect(problem.line == 2)
      #expect(problem.what.contains(what))
      #expect(!problem.fix.isEmpty && !problem.description.contains("hunter"))
    }
  }

  @Test("that no model names are dead rules, and so is what can never have an effect")
  func dead() {
    func rules(_ text: String, _ environment: [String: String] = [:]) -> [String?] {
      Sources(environment: environment, files: ["w": text], config: "w").problems.filter(\.isDeadRule).map(\.key)
    }
    #expect(rules("upstreams: {v: {url: 'http://localhost'}}") == ["upstreams.v"])
    let named = "models: {catalog: [{id: a/b, upstreams: [v]}]}\n"
    #expect(rules(named + "upstreams: {v: {url: 'http://localhost'}}") == [])
    #expect(
      rules(named + "upstreams: {v: {url: 'http://localhost', models: {nope: x}}}") == ["upstreams.v.models.nope"])
    #expect(
      rules(named + "upstreams: {v: {url: 'http://localhost', pass_client_key: true}}", ["WEIR_CLIENT_KEYS": "a:k"])
        == ["upstreams.v.pass_client_key"])
    #expect(rules("", ["MOONSHOT_BASE_URL": "http://localhost"]) == ["MOONSHOT_BASE_URL"])
    #expect(rules("upstreams: {default: {headers: {X: y}}}") == [])
  }

  @Test("may not have the name by which metrics call the default one")
  func namesakes() {
    let text = "upstreams: {vllm: {url: 'http://localhost'}}\nmodels: {catalog: [{id: a/b, upstreams: [vllm]}]}"
    var sources = Sources.yaml(text)
    #expect(sources.problems.isEmpty)
    sources.environment = ["WEIR_UPSTREAM_URL": "http://vllm:8000/v1"]
    #expect(sources.problems.map(\.key) == ["upstreams.vllm"])
  }

  @Test("warn where a key would travel unencrypted")
  func plain() {
    let problems = Sources.yaml(
      "upstreams: {v: {url: 'http://vllm/v1', api_key: k}}\nmodels: {catalog: [{id: a/b, upstreams: [v]}]}"
    ).problems
    #expect(problems.map(\.what) == ["the upstream's key travels to vllm unencrypted"])
    #expect(problems.map(\.severity) == [.warning])
  }
}
