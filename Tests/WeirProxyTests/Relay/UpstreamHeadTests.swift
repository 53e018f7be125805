import CWeirCurl
import NIOHTTP1
import Testing
import WeirPolicy
import WeirWire

@testable import WeirProxy
@testable import WeirUpstream

@Suite("The head that goes upstream")
struct UpstreamHeadTests {
  /// What libcurl is told not to make up.
  private static let suppressed: Set<String> = ["Expect:", "Accept:", "Content-Type:"]

  private func sent(
    _ fields: [(String, String)], _ environment: [String: String] = [:], endpoint: Endpoint = .chatCompletions,
    bodyWasInflated: Bool = false
  ) throws -> [String] {
    let request = ClientHead(requestHead(fields))
    let list = HeaderList(.libcurl)
    let snapshot = RuntimeSnapshot(try configuration(environment))
    let upstream = snapshot.defaultUpstream
    let fields = RequestFields(request)
    let (exchange, _) = RequestPath.open(fields.head, requestID: "r", policy: snapshot.policy, now: 0, wall: 0)
    UpstreamHead.write(
      request, fields: fields, endpoint: endpoint, bodyWasInflated: bodyWasInflated, upstream: upstream,
      credentials: UpstreamHead.Credentials(
        own: snapshot.credentials(of: exchange, to: upstream), clients: snapshot.policy.clients),
      into: list)
    var lines: [String] = []
    var node = unsafe list.seal()
    while let current = unsafe node {
      lines += unsafe String(cString: current.pointee.data).split(separator: "\r\n").map(String.init)
      unsafe node = current.pointee.next
    }
    return lines
  }

  /// Without what only speaks to libcurl.
  private func fields(_ fields: [(String, String)], _ environment: [String: String] = [:]) throws -> [String] {
    try sent(fields, environment).filter { !Self.suppressed.contains($0) }
  }

  @Test("has the client's fields in their order and spelling, doubled and empty ones too")
  func order() throws {
    let own = [
      ("X-B", "2"), ("content-type", "application/json"), ("ACCEPT", "*/*"), ("User-Agent", "me/1"), ("x-b", "3"),
      ("X-Empty", ""), ("Cookie", "a=b"), ("OpenAI-Organization", "o"), ("X-Request-ID", "id"), ("X-User-ID", "u"),
      ("HTTP-Referer", "r"), ("X-Title", "t"),
    ]
    let expected = own.map { $0.1.isEmpty ? "\($0.0);" : "\($0.0): \($0.1)" }
    #expect(try sent(own) == expected + ["Expect:"])
  }

  @Test("has nothing of the client's own connection, and nothing that is weir's business")
  func ownHop() throws {
    #expect(
      try fields([
        ("Host", "weir.local"), ("Connection", "keep-alive, X-Private"), ("X-Private", "p"), ("Keep-Alive", "5"),
        ("TE", "trailers"), ("Trailer", "x"), ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"),
        ("Content-Length", "10"), ("Expect", "100-continue"), ("Proxy-Authorization", "Basic x"),
        ("Proxy-Connection", "close"), ("X-Weir-User", "u"), ("x-weir-variant", "v"), ("X-WEIR-Anything", "x"),
        ("X-Stays", "1"),
      ]) == ["X-Stays: 1"])
  }

  @Test("keeps libcurl from adding what the client did not send")
  func suppressions() throws {
    #expect(Set(try sent([])) == Self.suppressed)
    #expect(try sent([("Accept", "a/b"), ("Content-Type", "c/d")]) == ["Accept: a/b", "Content-Type: c/d", "Expect:"])
  }

  @Test("has weir's key and never the client's, where weir has one")
  func ownKey() throws {
    let client = [("Authorization", "Bearer client"), ("X-Api-Key", "client"), ("A", "1")]
    for environment in [
      ["OPENROUTER_API_KEY": "sk-or-1"],
      ["OPENROUTER_API_KEY": "sk-or-1", "WEIR_CLIENT_KEYS": "alice:key-0123456789abcdef"],
    ] {
      #expect(try fields(client, environment) == ["A: 1", "Authorization: Bearer sk-or-1"])
      #expect(try fields([], environment) == ["Authorization: Bearer sk-or-1"])
    }
  }

  @Test("has no key at all where the client's is one of weir's own and weir has none for the upstream")
  func clientKeysOnly() throws {
    let client = [("Authorization", "Bearer key-0123456789abcdef"), ("x-api-key", "key-0123456789abcdef"), ("A", "1")]
    #expect(try fields(client, ["WEIR_CLIENT_KEYS": "alice:key-0123456789abcdef"]) == ["A: 1"])
  }

  @Test("has the client's own key where weir has neither")
  func passedOn() throws {
    let client = [("Authorization", "Bearer client"), ("X-API-Key", "client")]
    #expect(try fields(client) == ["Authorization: Bearer client", "X-API-Key: client"])
  }

  @Test("names the operator's site unless the client names its own")
  func attribution() throws {
    let site = ["OPENROUTER_SITE_URL": "https://app.example", "OPENROUTER_SITE_NAME": "The App"]
    #expect(
      try fields([], site) == ["HTTP-Referer: https://app.example", "X-OpenRouter-Title: The App", "X-Title: The App"])
    #expect(
      try fields([("http-referer", "https://mine")], site)
        == ["http-referer: https://mine", "X-OpenRouter-Title: The App", "X-Title: The App"])
    for title in ["X-Title", "x-openrouter-title"] {
      #expect(
        try fields([(title, "Mine")], site) == ["\(title): Mine", "HTTP-Referer: https://app.example"])
    }
    #expect(try fields([]) == [])
  }

  @Test("asks only for codings that weir can read where it reads the reply")
  func acceptEncoding() throws {
    let both = [("Accept-Encoding", "br, gzip"), ("A", "1"), ("accept-encoding", "zstd;q=0.5, deflate")]
    #expect(try fields(both) == ["Accept-Encoding: gzip, deflate", "A: 1"])
    #expect(try fields([("accept-encoding", "GZIP;q=1")]) == ["accept-encoding: GZIP;q=1"])
    let unread = try sent(both, endpoint: .other).filter { !Self.suppressed.contains($0) }
    #expect(unread == ["Accept-Encoding: br, gzip", "A: 1", "accept-encoding: zstd;q=0.5, deflate"])
  }

  @Test("names the body's coding only as long as the body has it")
  func contentEncoding() throws {
    #expect(try fields([("Content-Encoding", "gzip")]) == ["Content-Encoding: gzip"])
    let inflated = try sent([("Content-Encoding", "gzip")], bodyWasInflated: true)
    #expect(!inflated.contains { $0.lowercased().hasPrefix("content-encoding") })
  }
}
