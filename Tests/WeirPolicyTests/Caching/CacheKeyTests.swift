import Testing
import WeirPolicy
import WeirWire

private func makeKey(
  _ change: (inout CacheKey.Request) -> Void = { _ in }, body: String = #"{"a":1}"#
) -> CacheKey? {
  var request = CacheKey.Request(
    tenant: TenantKey(client: "ana", policy: CachePolicy()), upstreams: ["default"], method: "POST",
    path: "/chat/completions", query: "a=b", acceptEncoding: "gzip", fields: [("anthropic-version", "2023-06-01")])
  change(&request)
  return unsafe Array(body.utf8).withUnsafeBytes { bytes in
    unsafe CanonicalJSON().write(bytes) { unsafe CacheKey(request, canonicalBody: $0) }
  }
}

@Suite("The key of a request")
struct CacheKeyTests {
  @Test("is the same for the same request, whatever the order of its members and its white space")
  func same() {
    #expect(makeKey(body: #"{"a":1,"b":[2]}"#) == makeKey(body: "{ \"b\": [2],\n\"a\": 1 }"))
    #expect(makeKey() == makeKey())
    #expect(makeKey() != nil)
  }

  @Test("changes with everything that may change the answer")
  func parts() {
    let sharing = CachePolicy(sharedTenants: [["ana", "bob"]])
    let keys = [
      makeKey(), makeKey(body: #"{"a":1.0}"#), makeKey(body: #"{"a":1,"unknown":null}"#),
      makeKey({ $0.tenant = TenantKey(client: "bob", policy: CachePolicy()) }),
      makeKey({ $0.tenant = TenantKey(client: "ana", policy: sharing) }),
      makeKey({ $0.tenant = TenantKey(client: "ana", credentials: ["Bearer 1"], policy: sharing) }),
      makeKey({ $0.upstreams = ["other"] }), makeKey({ $0.upstreams = ["default", "other"] }),
      makeKey({ $0.upstreams = [] }), makeKey({ $0.method = "PUT" }), makeKey({ $0.path = "/completions" }),
      makeKey({ $0.query = nil }), makeKey({ $0.query = "" }), makeKey({ $0.query = "b=a" }),
      makeKey({ $0.acceptEncoding = nil }), makeKey({ $0.acceptEncoding = "gzip, br" }),
      makeKey({ $0.fields = [] }), makeKey({ $0.fields = [("anthropic-beta", "2023-06-01")] }),
      makeKey({ $0.fields = [("anthropic-version", "2024-01-01")] }),
    ]
    #expect(!keys.contains(nil))
    #expect(Set(keys).count == keys.count)
  }

  @Test("changes when bytes move from one part into the next")
  func borders() {
    let one = makeKey {
      $0.method = "POST/chat"
      $0.path = "/completions"
    }
    #expect(one != makeKey())
    #expect(makeKey({ $0.upstreams = ["ab", "c"] }) != makeKey({ $0.upstreams = ["a", "bc"] }))
    let moved = makeKey {
      $0.query = nil
      $0.acceptEncoding = "a=b"
      $0.fields = [("gzip", "anthropic-version2023-06-01")]
    }
    #expect(moved != makeKey())
  }
}
