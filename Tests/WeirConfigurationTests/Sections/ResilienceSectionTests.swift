import Testing
import WeirConfiguration
import WeirPolicy

@Suite("The settings on failing upstreams")
struct ResilienceSectionTests {
  private func retry(_ retries: Int, _ first: Int64, _ longest: Int64) -> ResiliencePolicy.Retry {
    var retry = ResiliencePolicy.Retry()
    retry.retries = retries
    retry.firstDelay = first * 1_000_000
    retry.longestDelay = longest * 1_000_000
    return retry
  }

  @Test("have the policy's defaults")
  func defaults() throws {
    #expect(try Sources().load().resilience == ResiliencePolicy())
  }

  @Test("say everything that the section can say, and models and upstreams before it")
  func everything() throws {
    var expected = ResiliencePolicy()
    expected.retry = retry(3, 500, 4000)
    expected.retryByUpstream = ["openrouter.ai": retry(5, 500, 4000), "acme": retry(3, 500, 1000)]
    expected.retryByModel = ["acme/swift-1": retry(1, 100, 2000)]
    expected.retryShare = 0.1
    expected.retryWindow = 20_000_000_000
    expected.retryFloor = 5
    expected.circuit.consecutiveFailures = 7
    expected.circuit.failureRate = 0.25
    expected.circuit.minimumRequests = 50
    expected.circuit.window = 60_000_000_000
    expected.circuit.openTime = 15_000_000_000
    expected.circuit.closingSuccesses = 2
    expected.circuit.slowCall = 20_000_000_000
    expected.fallbacks = ["acme/swift-1": ["gpt-4o", "moonshotai/kimi-k2"]]
    #expect(try SectionExample.sources.load().resilience == expected)
  }

  @Test("take the retries from the variable first, then from the file, and show which")
  func retries() throws {
    var sources = Sources.yaml("\nresilience: {retry: {retries: 4}}")
    #expect(try sources.load().resilience.retry.retries == 4)
    #expect(try sources.load().row("WEIR_RETRIES")?.text == "4")
    #expect(try sources.load().row("WEIR_RETRIES")?.origin == .file(path: "weir.yaml", line: 2))
    sources.environment = ["WEIR_RETRIES": "1"]
    #expect(try sources.load().resilience.retry.retries == 1)
    #expect(try Sources.environment(["WEIR_RETRIES": "off"]).load().resilience.retry.retries == 0)
    #expect(try Sources.yaml("retries: 3").load().resilience.retry.retries == 3)
    let twice = Sources.yaml("retries: 3\nresilience: {retry: {retries: 4}}").problems
    #expect(twice.map(\.what) == ["retries says it too in this file"])
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("x", "resilience", "a single value stands where keys belong"),
      ("{retries: 1}", "resilience.retries", "there is no such key"),
      ("{retry: {retries: 11}}", "resilience.retry.retries", "out of range"),
      ("{retry: {first_delay: 0}}", "resilience.retry.first_delay", "out of range"),
      ("{retry: {first_delay: 9}}", "resilience.retry", "first_delay is longer than longest_delay"),
      ("{retry_share: 1.5}", "resilience.retry_share", "out of range"),
      ("{retry_window: soon}", "resilience.retry_window", "not a number of seconds"),
      ("{retry_floor: -1}", "resilience.retry_floor", "not a whole number"),
      ("{circuit: [a]}", "resilience.circuit", "a list stands where keys belong"),
      ("{circuit: {enabled: x}}", "resilience.circuit.enabled", "neither true nor false"),
      ("{circuit: {consecutive_failures: 0}}", "resilience.circuit.consecutive_failures", "out of range"),
      ("{circuit: {failure_rate: 0}}", "resilience.circuit.failure_rate", "0 is not above zero"),
      ("{circuit: {failure_rate: 1.1}}", "resilience.circuit.failure_rate", "out of range"),
      ("{circuit: {open_time: 0}}", "resilience.circuit.open_time", "out of range"),
      ("{circuit: {slow_call: x}}", "resilience.circuit.slow_call", "not a number of seconds"),
    ])
  func wrong(section: String, key: String, what: String) {
    let problems = Sources.yaml("# c\nresilience: \(section)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.severity == .error)
    #expect(problems.first?.what.contains(what) == true)
    #expect(problems.first?.fix.isEmpty == false)
  }

  @Test("leave out fallbacks that the catalog does not have, and say so as of a dead rule")
  func fallbacks() throws {
    let sources = Sources.yaml("models: {catalog: [{id: a/b, fallbacks: [gpt-4p, 'openai/gpt-4o:nitro']}]}")
    #expect(sources.problems.filter(\.isDeadRule).map(\.what) == ["the catalog has no model gpt-4p"])
    #expect(try sources.load().resilience.fallbacks == ["a/b": ["openai/gpt-4o:nitro"]])
  }

  @Test("are told all at once, those of every section together")
  func allAtOnce() {
    let problems = Sources.yaml(
      """
      upstreams:
        a: {url: x}
      limits:
        rates: [{burst: 0, requests_per_minute: 1}]
        max_body_bytes: x
      budgets: [{period: day}]
      cache:
        ttl: x
        coalesce: x
      resilience: {retry_share: 2}
      rate_limit: {rpm: 0}
      """
    ).problems.filter { $0.severity == .error }
    #expect(problems.map(\.line) == [2, 4, 5, 6, 8, 9, 10, 11])
  }
}
