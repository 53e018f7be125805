import Testing
import WeirPolicy

private func read(_ lines: String..., ttl: String? = nil) -> CacheDirectives? {
  try? CacheDirectives.read(cacheControl: lines, timeToLive: ttl)
}

@Suite("What a request says about the cache")
struct CacheDirectivesTests {
  @Test("is nothing where the headers are missing, empty or say something else")
  func nothing() {
    #expect(read() == CacheDirectives())
    #expect(read("") == CacheDirectives())
    #expect(read(" , ,,") == CacheDirectives())
    #expect(read("no-transform, max-stale=60, foo=\"no-store, no-cache\", =3, \"no-store\"") == CacheDirectives())
  }

  @Test("is read in any case, order, spacing and over several lines")
  func directives() {
    let one = read("No-Store")
    #expect(one?.forbidsStore == true)
    #expect(one?.forbidsRead == false)
    #expect(read("a=b , NO-CACHE ,x")?.forbidsRead == true)
    #expect(read("only-if-cached")?.onlyIfCached == true)
    let lines = read("max-age=60", "no-store , only-if-cached")
    #expect(lines?.maximumAge == 60 && lines?.forbidsStore == true && lines?.onlyIfCached == true)
  }

  @Test(
    "has an age in seconds, which is 0 where it is no number and the smallest where there are several",
    arguments: [
      ("max-age=0", 0), ("max-age=60", 60), ("max-age=\"60\"", 60), ("max-age = 60", 60), ("MAX-AGE=007", 7),
      ("max-age=-5", 0), ("max-age=1.5", 0), ("max-age=", 0), ("max-age", 0), ("max-age=abc", 0),
      ("max-age=\"6\\0\"", 60), ("max-age=\"60", 60), ("max-age=60, max-age=5", 5), ("max-age=5, max-age=x", 0),
      ("max-age=99999999999999999999999999", Int.max), ("max-age=9223372036854775808", Int.max),
      ("max-age=٣", 0),
    ])
  func age(line: String, expected: Int) {
    #expect(read(line)?.maximumAge == expected)
  }

  @Test("may name a time to live of 0 to 86400 seconds")
  func timeToLive() {
    #expect(read(ttl: "0")?.timeToLive == 0)
    #expect(read(ttl: " 86400\t")?.timeToLive == 86400)
    #expect(read()?.timeToLive == nil)
  }

  @Test(
    "is refused with 400 where the time to live is anything else",
    arguments: ["", "-1", "86401", "1.5", "ten", "1 2", "+5", "99999999999999999999999", "0x10"])
  func badTimeToLive(value: String) {
    let refusal = #expect(throws: Refusal.self) {
      try CacheDirectives.read(cacheControl: [], timeToLive: value)
    }
    #expect(refusal?.code == .invalidRequest)
    #expect(refusal?.status == 400)
  }
}
