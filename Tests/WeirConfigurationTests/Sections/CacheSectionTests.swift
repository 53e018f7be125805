import Testing
import WeirConfiguration
import WeirPolicy
import WeirWire

@Suite("The cache's settings")
struct CacheSectionTests {
  @Test("have the policy's defaults")
  func defaults() throws {
    #expect(try Sources().load().cachePolicy == CachePolicy())
  }

  @Test("of the variables turn the cache off and bound it")
  func variables() throws {
    #expect(try Sources.environment(["WEIR_CACHE_TTL": "0"]).load().cachePolicy == .off)
    #expect(try Sources.environment(["WEIR_CACHE_TTL": "off"]).load().cachePolicy == .off)
    let small = try Sources.environment(["WEIR_CACHE_TTL": "60", "WEIR_CACHE_MAX_BYTES": "1MiB"]).load()
    #expect(
      small.cachePolicy == CachePolicy(timeToLive: 60, maximumBytes: 1_048_576, maximumEntryBytes: 1_048_576))
    #expect(Sources.environment(["WEIR_CACHE_TTL": "0.5"]).problems.map(\.key) == ["WEIR_CACHE_TTL"])
  }

  @Test("say everything that the section can say")
  func everything() throws {
    #expect(
      try SectionExample.sources.load().cachePolicy
        == CachePolicy(
          timeToLive: 60, maximumEntryBytes: 1_048_576, compressFrom: 4096, maximumTemperature: 0.5,
          endpoints: [.chatCompletions, .embeddings],
          models: [CachePolicy.ModelTime(pattern: ModelPattern("openai/gpt-4*"), timeToLive: 0)],
          sharedTenants: [["app", "batch"]], coalesces: false))
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("ttl: -1", "cache.ttl", "not a whole number"),
      ("max_entry_bytes: 1 MB", "cache.max_entry_bytes", "not a count of bytes"),
      ("max_entry_bytes: 1GiB", "cache.max_entry_bytes", "does not fit into the cache's 67108864"),
      ("compress_from: x", "cache.compress_from", "not a count of bytes"),
      ("max_temperature: 3", "cache.max_temperature", "out of range"),
      ("endpoints: []", "cache.endpoints", "the list names no API"),
      ("endpoints: [chat]", "cache.endpoints", "is not one of"),
      ("endpoints: [models]", "cache.endpoints", "is not one of"),
      ("models: [{pattern: gpt-4}]", "cache.models[gpt-4]", "ttl is missing"),
      ("models: [{pattern: 'a b', ttl: 1}]", "cache.models[1].pattern", "is not a model name"),
      ("models: [{pattern: gpt-4, ttl: 1.5}]", "cache.models[gpt-4].ttl", "not a whole number"),
      ("shared_tenants: anonymous", "cache.shared_tenants", "the value is no list"),
      ("shared_tenants: [[anonymous]]", "cache.shared_tenants[1]", "nobody shares anything"),
      ("shared_tenants: [{a: b}]", "cache.shared_tenants[1]", "a group of keys"),
      ("shared_tenants: [[anonymous, anonymous]]", "cache.shared_tenants[1]", "anonymous is named twice"),
      ("coalesce: perhaps", "cache.coalesce", "neither true nor false"),
      ("time_to_live: 1", "cache.time_to_live", "there is no such key"),
    ])
  func wrong(entry: String, key: String, what: String) {
    let problems = Sources.yaml("cache:\n  \(entry)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.severity == .error)
    #expect(problems.first?.what.contains(what) == true)
    #expect(problems.first?.fix.isEmpty == false)
  }

  @Test("about clients and models that are not there, or come too late, are dead rules")
  func dead() {
    func dead(_ entry: String) -> [String] {
      Sources.yaml("cache: {\(entry)}").problems.filter(\.isDeadRule).map(\.what)
    }
    #expect(dead("models: [{pattern: nope, ttl: 1}]") == ["nope fits no model of the catalog"])
    #expect(dead("models: [{pattern: 'openai/gpt-4*', ttl: 1}, {pattern: 'openai/*', ttl: 2}]") == [])
    #expect(
      dead("models: [{pattern: 'openai/*', ttl: 1}, {pattern: 'openai/gpt-4*', ttl: 2}]")
        == ["openai/* comes first and fits all of it"])
    #expect(dead("shared_tenants: [[anonymous, app]]") == ["there is no client app"])
  }
}
