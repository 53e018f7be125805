import Testing

@testable import WeirPolicy

@Suite("The cache")
struct ReplyCacheTests {
  private let cache = ReplyCache(CachePolicy())

  @Test("gives what it was given, until its time is over, then lets it go")
  func times() {
    let kept = reply(storedAt: seconds(10))
    #expect(cache.find(key(1), now: seconds(10)) == nil)
    #expect(cache.keep(kept, for: key(1), timeToLiveSeconds: 300, now: seconds(10)))
    #expect(cache.find(key(1), now: seconds(310) - 1) === kept)
    #expect(cache.find(key(2), now: seconds(10)) == nil)
    #expect(cache.statistics.entries == 1)
    #expect(cache.find(key(1), now: seconds(310)) == nil)
    #expect(cache.statistics.entries == 0 && cache.statistics.bytes == 0)
    #expect(cache.statistics.evictions.expired == 1)
  }

  @Test("gives nothing older than was asked for, and keeps it for others")
  func ages() {
    cache.keep(reply(), for: key(1), timeToLiveSeconds: 300, now: 0)
    #expect(cache.find(key(1), maximumAgeSeconds: 10, now: seconds(10)) != nil)
    #expect(cache.find(key(1), maximumAgeSeconds: 10, now: seconds(11)) == nil)
    #expect(cache.find(key(1), maximumAgeSeconds: -5, now: seconds(11)) == nil)
    #expect(cache.find(key(1), maximumAgeSeconds: .max, now: seconds(11)) != nil)
  }

  @Test("takes any time to live, and keeps nothing whose time is over")
  func extremes() {
    #expect(!cache.keep(reply(), for: key(1), timeToLiveSeconds: 0, now: 0))
    #expect(!cache.keep(reply(), for: key(1), timeToLiveSeconds: .min, now: 0))
    #expect(!cache.keep(reply(), for: key(1), timeToLiveSeconds: 10, now: seconds(10)))
    #expect(cache.keep(reply(storedAt: 5), for: key(1), timeToLiveSeconds: .max, now: 0))
    #expect(cache.find(key(1), now: .max - 1) != nil)
  }

  @Test("puts a newer reply in the place of an older one")
  func replaces() {
    cache.keep(reply(10), for: key(1), timeToLiveSeconds: 300, now: 0)
    let newer = reply(2000, storedAt: 1)
    cache.keep(newer, for: key(1), timeToLiveSeconds: 300, now: 1)
    #expect(cache.find(key(1), now: 2) === newer)
    #expect(cache.statistics.entries == 1)
    #expect(cache.statistics.evictions.replaced == 1)
    #expect(cache.statistics.bytes == newer.heldBytes + CacheTable.entryOverhead)
  }

  @Test("keeps no reply above the bound of an entry, and none that is larger than the whole cache")
  func entryBound() {
    let small = ReplyCache(CachePolicy(maximumBytes: 100_000, maximumEntryBytes: 5000))
    #expect(small.keep(reply(5000), for: key(1), timeToLiveSeconds: 300, now: 0))
    #expect(!small.keep(reply(5001), for: key(2), timeToLiveSeconds: 300, now: 0))
    let tiny = ReplyCache(CachePolicy(maximumBytes: 4000))
    #expect(!tiny.keep(reply(4000), for: key(1), timeToLiveSeconds: 300, now: 0))
    #expect(ReplyCache(.off).keep(reply(), for: key(1), timeToLiveSeconds: 300, now: 0) == false)
    #expect(ReplyCache(CachePolicy(maximumBytes: -1)).keep(reply(), for: key(1), timeToLiveSeconds: 3, now: 0) == false)
  }

  @Test("lets go what models have produced, or everything")
  func purges() {
    for number in UInt64(0)..<10 {
      let model = number < 4 ? "openai/gpt-4o" : "moonshotai/kimi-k2"
      cache.keep(reply(model: model), for: key(number), timeToLiveSeconds: 300, now: 0)
    }
    #expect(cache.remove(model: ModelPattern("openai/o3")) == 0)
    #expect(cache.remove(model: ModelPattern("OpenAI/*")) == 4)
    #expect(cache.find(key(1), now: 0) == nil && cache.find(key(5), now: 0) != nil)
    #expect(cache.removeAll() == 6)
    #expect(cache.statistics.evictions.purged == 10)
    #expect(cache.statistics.entries == 0 && cache.statistics.bytes == 0)
    #expect(cache.keep(reply(), for: key(1), timeToLiveSeconds: 300, now: 0))
    #expect(cache.find(key(1), now: 0) != nil)
  }

  @Test("lets go all that is over its time when it is told to")
  func sweeps() {
    for number in UInt64(0)..<100 {
      cache.keep(reply(), for: key(number), timeToLiveSeconds: number < 60 ? 10 : 20, now: 0)
    }
    #expect(cache.removeExpired(now: seconds(10)) == 60)
    #expect(cache.removeExpired(now: seconds(10)) == 0)
    #expect(cache.statistics.entries == 40)
    #expect(cache.statistics.evictions.expired == 60)
  }

  @Test("gives the memory of expired replies back as new ones are kept")
  func sweepsAlong() {
    for number in UInt64(0)..<100 { cache.keep(reply(), for: key(number), timeToLiveSeconds: 10, now: 0) }
    for number in UInt64(100)..<130 {
      cache.keep(reply(storedAt: seconds(10)), for: key(number), timeToLiveSeconds: 10, now: seconds(10))
    }
    #expect(cache.statistics.entries == 30)
  }

  @Test("keeps what fits when its bounds change, and nothing once it is off")
  func newBounds() {
    for number in UInt64(0)..<100 { cache.keep(reply(1000), for: key(number), timeToLiveSeconds: 300, now: 0) }
    cache.replace(CachePolicy(maximumBytes: 60_000, maximumEntryBytes: 2000), now: 0)
    let shrunk = cache.statistics
    #expect(shrunk.bytes <= 60_000 && shrunk.entries > 10)
    #expect(shrunk.evictions.size == 100 - shrunk.entries)
    #expect(!cache.keep(reply(3000), for: key(200), timeToLiveSeconds: 300, now: 0))
    cache.replace(CachePolicy(), now: 0)
    #expect(cache.statistics.entries == shrunk.entries)
    cache.replace(.off, now: 0)
    #expect(cache.statistics.entries == 0 && cache.statistics.bytes == 0)
    #expect(cache.statistics.evictions.purged == shrunk.entries)
    #expect(!cache.keep(reply(), for: key(1), timeToLiveSeconds: 300, now: 0))
  }

  @Test("keeps what is asked for again and again while others come once")
  func popular() {
    let small = ReplyCache(CachePolicy(maximumBytes: 100_000))
    for number in UInt64(0)..<5000 {
      for popular in UInt64(0)..<10 where small.find(key(popular), now: 0) == nil {
        small.keep(reply(1000), for: key(popular), timeToLiveSeconds: 300, now: 0)
      }
      _ = small.find(key(1000 + number), now: 0)
      small.keep(reply(1000), for: key(1000 + number), timeToLiveSeconds: 300, now: 0)
    }
    #expect((UInt64(0)..<10).allSatisfy { small.find(key($0), now: 0) != nil })
  }

  @Test("may be used by several threads at once")
  func threads() async {
    let small = ReplyCache(CachePolicy(maximumBytes: 50_000))
    await withTaskGroup(of: Void.self) { group in
      for task in UInt64(0)..<4 {
        group.addTask {
          var random = SplitMix64(seed: task)
          for step in 0..<2000 {
            let chosen = key(random.next() % 100)
            if small.find(chosen, now: Int64(step)) == nil {
              small.keep(reply(Int(random.next() % 3000)), for: chosen, timeToLiveSeconds: 1, now: Int64(step))
            }
          }
        }
      }
    }
    #expect(small.statistics.bytes <= 50_000 && small.statistics.entries > 0)
  }
}
