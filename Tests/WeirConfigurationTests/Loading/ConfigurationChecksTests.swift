import Testing
import WeirConfiguration

@Suite("Checks between settings")
struct ConfigurationChecksTests {
  @Test("refuse a traffic listener that others reach without a key, and say why")
  func exposure() {
    let problems = Sources.environment(["WEIR_LISTEN": "0.0.0.0:8787", "OPENROUTER_API_KEY": "k"]).problems
    #expect(problems.map(\.severity) == [.error])
    #expect(problems.map(\.key) == ["WEIR_LISTEN"])
    #expect(problems.first?.what.contains("spend the money of the upstream key") == true)
    #expect(problems.first?.fix.contains("WEIR_CLIENT_KEYS") == true)
    #expect(Sources.yaml("listen: 0.0.0.0:1").problems.map(\.key) == ["listen"])
    #expect(Sources.environment(["WEIR_LISTEN": "[::]:8787"]).problems.map(\.severity) == [.error])
  }

  @Test(
    "accept it with client keys, with the operator's word, or on loopback",
    arguments: [
      ["WEIR_LISTEN": "0.0.0.0:1", "WEIR_CLIENT_KEYS": "app:k1"],
      ["WEIR_LISTEN": "0.0.0.0:1", "WEIR_INSECURE": "true"],
      ["WEIR_LISTEN": "127.0.0.2:1"], ["WEIR_LISTEN": "localhost:1"],
    ])
  func accepted(environment: [String: String]) {
    let sources = Sources.environment(environment.merging(["OPENROUTER_API_KEY": "k"]) { first, _ in first })
    #expect(sources.problems.isEmpty)
  }

  @Test("refuse an admin listener that others reach without keys and token, unless the operator accepts it")
  func adminExposure() {
    let open = Sources.environment(["WEIR_ADMIN_LISTEN": "0.0.0.0:9787"])
    #expect(open.problems.map(\.severity) == [.error])
    #expect(open.problems.map(\.key) == ["WEIR_ADMIN_LISTEN"])
    #expect(open.problems.first?.fix.contains("WEIR_ADMIN_TOKEN") == true)
    #expect(
      Sources.environment(["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_INSECURE": "true"]).problems.isEmpty)
    #expect(
      Sources.environment(["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_ADMIN_TOKEN": "t"]).problems.isEmpty)
    let keys = ["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_CLIENT_KEYS": "app:k1", "OPENROUTER_API_KEY": "k"]
    #expect(Sources.environment(keys).problems.isEmpty)
  }

  @Test("refuse two listeners at one address, unless the system picks the ports")
  func sameAddress() {
    let same = Sources.environment(["WEIR_LISTEN": "127.0.0.1:1", "WEIR_ADMIN_LISTEN": "127.0.0.1:1"])
    #expect(same.problems.map(\.key) == ["WEIR_ADMIN_LISTEN"])
    let free = Sources.environment(["WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0"])
    #expect(free.problems.isEmpty)
  }

  @Test("warn where the upstream key would travel unencrypted")
  func plainUpstream() {
    let plain = Sources.environment(["WEIR_UPSTREAM_URL": "http://vllm:8000/v1", "OPENROUTER_API_KEY": "k"])
    #expect(plain.problems.map(\.severity) == [.warning])
    #expect(plain.problems.first?.what == "the upstream key travels to vllm:8000 unencrypted")
    for safe in [
      ["WEIR_UPSTREAM_URL": "http://127.0.0.1:8000/v1", "OPENROUTER_API_KEY": "k"],
      ["WEIR_UPSTREAM_URL": "https://vllm:8000/v1", "OPENROUTER_API_KEY": "k"],
      ["WEIR_UPSTREAM_URL": "http://vllm:8000/v1"],
    ] { #expect(Sources.environment(safe).problems.isEmpty) }
  }

  @Test("warn where a client's key for weir would go upstream")
  func leakingKey() {
    #expect(Sources.environment(["WEIR_CLIENT_KEYS": "app:k1"]).problems.map(\.severity) == [.warning])
  }

  @Test("refuse a buffer bound that one body would exceed")
  func buffers() {
    let problems = Sources.environment(["WEIR_MAX_BUFFERED_BYTES": "100", "WEIR_MAX_BODY_BYTES": "101"])
      .problems
    #expect(problems.map(\.key) == ["WEIR_MAX_BUFFERED_BYTES"])
    #expect(
      Sources.environment(["WEIR_MAX_BUFFERED_BYTES": "1MiB", "WEIR_MAX_BODY_BYTES": "1MiB"]).problems.isEmpty
    )
  }

  @Test("refuse a certificate file that is missing or holds no certificate")
  func certificates() {
    var sources = Sources(environment: ["WEIR_CA_FILE": "ca.pem"])
    #expect(sources.problems.map(\.what) == ["ca.pem: the file does not exist"])
    sources.files["ca.pem"] = "hello"
    #expect(sources.problems.map(\.what) == ["ca.pem holds no PEM certificate"])
    sources.files["ca.pem"] = "x\n-----BEGIN CERTIFICATE-----\n"
    #expect(sources.problems.isEmpty)
  }
}
