import Testing
import WeirPolicy

@Suite("Whose entries a request sees")
struct TenantKeyTests {
  private let policy = CachePolicy(sharedTenants: [["ana", "bob"], ["cyd", "dee"]])

  private func tenant(_ client: String, _ credentials: String...) -> TenantKey {
    TenantKey(client: client, credentials: credentials, policy: policy)
  }

  @Test("are its own, or its group's where the configuration names one")
  func groups() {
    #expect(tenant("ana") == tenant("bob"))
    #expect(tenant("ana") != tenant("cyd"))
    #expect(tenant("eve") != tenant("fay"))
    #expect(tenant("eve") == tenant("eve"))
  }

  @Test("belong to the group's members, in whatever order they stand, and not to a client of the same name")
  func names() {
    let turned = CachePolicy(sharedTenants: [["dee", "cyd"], ["bob", "ana"]])
    #expect(tenant("ana") == TenantKey(client: "ana", policy: turned))
    let single = CachePolicy(sharedTenants: [["ana"]])
    #expect(TenantKey(client: "ana", policy: single) != TenantKey(client: "ana", policy: CachePolicy()))
  }

  @Test("are never shared where the client's own credential goes upstream")
  func credentials() {
    #expect(tenant("ana", "Bearer 1") != tenant("bob", "Bearer 1"))
    #expect(tenant("ana", "Bearer 1") != tenant("ana", "Bearer 2"))
    #expect(tenant("ana", "Bearer 1") != tenant("ana"))
    #expect(tenant("ana", "a", "bc") != tenant("ana", "ab", "c"))
    #expect(tenant("ana", "Bearer 1") == tenant("ana", "Bearer 1"))
  }

  @Test("hold no credential")
  func secrets() {
    #expect(!String(reflecting: tenant("ana", "Bearer sk-secret")).contains("sk-secret"))
  }
}
