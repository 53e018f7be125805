import NIOCore
import NIOHTTP1
import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("The model list that an event loop keeps")
struct ModelListCacheTests {
  private let cache = ModelListCache()
  private let second: Int64 = 1_000_000_000

  private func list(
    _ body: String = "list", at time: Int64 = 0, varying: [ModelListCache.VaryingField] = []
  ) -> ModelListCache.List {
    ModelListCache.List(
      body: ByteBuffer(string: body), lines: ByteBuffer(string: "A: 1\r\n"), varying: varying, storedAt: time)
  }

  private func snapshot(_ environment: [String: String] = [:]) throws -> RuntimeSnapshot {
    RuntimeSnapshot(try configuration(environment))
  }

  private func found(_ snapshot: RuntimeSnapshot, _ fields: [(String, String)] = [], at time: Int64 = 0) -> String? {
    let found = cache.list(for: snapshot, request: ClientHead(requestHead(fields)), now: time)
    return found.map { "\(String(buffer: $0.list.body)) \($0.age)" }
  }

  @Test("is good for a minute, and tells its age in whole seconds")
  func lifetime() throws {
    let snapshot = try snapshot()
    _ = cache.listing(for: snapshot)
    #expect(found(snapshot) == nil)
    cache.keep(list(at: 5 * second), for: snapshot)
    #expect(found(snapshot, at: 5 * second) == "list 0")
    #expect(found(snapshot, at: 7 * second - 1) == "list 1")
    #expect(found(snapshot, at: 65 * second - 1) == "list 59")
    #expect(found(snapshot, at: 65 * second) == nil)
    #expect(found(snapshot, at: 5 * second) == nil, "what was too old once is gone")
  }

  @Test("is replaced by a newer one")
  func replaced() throws {
    let snapshot = try snapshot()
    _ = cache.listing(for: snapshot)
    cache.keep(list("one"), for: snapshot)
    cache.keep(list("two"), for: snapshot)
    #expect(found(snapshot) == "two 0")
  }

  @Test("goes with its configuration, equal or not, and none of an older one comes in")
  func configurationChange() throws {
    let (old, new) = (try snapshot(), try snapshot())
    _ = cache.listing(for: old)
    cache.keep(list("old"), for: old)
    #expect(found(new) == nil)
    _ = cache.listing(for: new)
    #expect(found(new) == nil)
    cache.keep(list("late"), for: old)
    #expect(found(new) == nil)
    #expect(found(old) == nil)
  }

  @Test("has the entries of the configuration at hand")
  func listing() throws {
    let (one, other) = (try snapshot(), try snapshot(["KIMI_MODEL_ID": "acme/other"]))
    #expect(cache.listing(for: one).entry(for: "kimi-k2")?.json.contains("moonshotai/kimi-k2") == true)
    #expect(cache.listing(for: other).entry(for: "kimi-k2")?.json.contains("acme/other") == true)
    #expect(cache.listing(for: other).entry(for: "auto") != nil)
  }

  @Test("is not kept when it is larger than the bound")
  func bound() throws {
    let snapshot = try snapshot()
    _ = cache.listing(for: snapshot)
    let most = String(repeating: "x", count: ModelListCache.largestKept)
    cache.keep(list(most + "x"), for: snapshot)
    #expect(found(snapshot) == nil)
    cache.keep(list(most), for: snapshot)
    #expect(found(snapshot) != nil)
  }

  @Test("is only for requests with the fields that the reply depends on")
  func varying() throws {
    let snapshot = try snapshot()
    _ = cache.listing(for: snapshot)
    let fields = [
      ModelListCache.VaryingField(name: "accept-language", values: ["de"]),
      ModelListCache.VaryingField(name: "origin", values: []),
    ]
    cache.keep(list(varying: fields), for: snapshot)
    #expect(found(snapshot, [("Accept-Language", "de"), ("X-Other", "1")]) == "list 0")
    #expect(found(snapshot) == nil)
    #expect(found(snapshot, [("Accept-Language", "de"), ("Accept-Language", "en")]) == nil)
    #expect(found(snapshot, [("Accept-Language", "de"), ("Origin", "https://a.example")]) == nil)
    #expect(found(snapshot, [("Accept-Language", "de")]) == "list 0", "a request of another kind drops nothing")
  }
}
