import NIOHTTP1
import Testing
import WeirConfiguration

@testable import WeirProxy

@Suite("The admin listener")
struct AdminAccessTests {
  /// The status of the refusal, or nil when the request may go on.
  private func refused(
    _ method: HTTPMethod = .GET, host: String? = "127.0.0.1:9787", _ fields: [(String, String)] = [],
    _ environment: [String: String] = [:], from peer: String = "127.0.0.1"
  ) throws -> Int? {
    let head = requestHead((host.map { [("Host", $0)] } ?? []) + fields, method: method, uri: "/reload")
    let listeners = try configuration(environment).listeners
    return AdminAccess.refusal(
      AdminRequest(head: head, peer: "admin \(peer)", body: []), listensOnLoopback: listeners.admin.isLoopback,
      token: listeners.adminToken, isOpen: listeners.isInsecureAccepted)?.status
  }

  @Test(
    "on a loopback address answers under loopback names",
    arguments: [
      "127.0.0.1:9787", "127.0.0.1", "localhost", "LocalHost:9787", "[::1]:9787", "[::1]", "127.0.0.53:1",
      "[0:0:0:0:0:0:0:1]:80",
    ])
  func loopbackNames(host: String) throws {
    #expect(try refused(host: host) == nil)
    #expect(try refused(.POST, host: host) == nil)
  }

  @Test(
    "on a loopback address answers under no other name, so that no page can rebind one to it",
    arguments: [
      "evil.example", "evil.example:9787", "localhost.evil.example", "127.0.0.1.evil.example:9787", "10.0.0.1", "",
      "127.0.0.1evil", "localhost.", "[::2]:9787", "0.0.0.0:9787", "[", "[]", ":9787", "127.1", "2130706433",
    ])
  func otherNames(host: String) throws {
    #expect(try refused(host: host) == 421)
    #expect(try refused(.POST, host: host) == 421)
  }

  @Test("on a loopback address wants to know under which name")
  func noHost() throws {
    #expect(try refused(host: nil) == 421)
  }

  @Test("on another address answers under any name")
  func otherAddress() throws {
    let open = ["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_ADMIN_TOKEN": "token-0123456789abcdef"]
    #expect(try refused(host: "weir.internal:9787", [], open) == nil)
    #expect(try refused(host: nil, [], open) == nil)
  }

  @Test("on another address changes something for this machine alone, unless there is a token or the operator's word")
  func otherMachines() throws {
    let keys = ["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_CLIENT_KEYS": "app:k1"]
    for (peer, status) in [
      ("10.0.0.5", 403), ("unknown", 403), ("1127.0.0.1", 403), ("::2", 403), ("127.0.0.1", nil), ("::1", nil),
      ("::ffff:127.0.0.1", nil),
    ] as [(String, Int?)] {
      #expect(try refused(.POST, host: "weir:9787", [], keys, from: peer) == status, "\(peer)")
      #expect(try refused(.GET, host: "weir:9787", [], keys, from: peer) == nil)
    }
    let insecure = ["WEIR_ADMIN_LISTEN": "0.0.0.0:9787", "WEIR_INSECURE": "true"]
    #expect(try refused(.POST, host: "weir:9787", [], insecure, from: "10.0.0.5") == nil)
  }

  @Test(
    "changes nothing for another origin",
    arguments: [
      "http://evil.example", "https://127.0.0.1:9787.evil", "null", "", "http://127.0.0.1", "http://127.0.0.1:1",
      "http://localhost:9787", "127.0.0.1:9787", "file://", "http://127.0.0.1:9787/",
    ])
  func otherOrigins(origin: String) throws {
    for method in [HTTPMethod.POST, .PUT, .DELETE, .PATCH] {
      #expect(try refused(method, [("Origin", origin)]) == 403)
    }
    #expect(try refused(.GET, [("Origin", origin)]) == nil)
    #expect(try refused(.HEAD, [("Origin", origin)]) == nil)
  }

  @Test(
    "changes something for its own pages",
    arguments: ["http://127.0.0.1:9787", "HTTP://127.0.0.1:9787", "https://127.0.0.1:9787"])
  func ownOrigin(origin: String) throws {
    #expect(try refused(.POST, [("Origin", origin)]) == nil)
  }

  @Test(
    "believes the browser about where a request comes from",
    arguments: [("same-origin", nil), ("none", nil), ("cross-site", 403), ("same-site", 403), ("", 403), ("x", 403)])
  func fetchSite(site: String, status: Int?) throws {
    #expect(try refused(.POST, [("Sec-Fetch-Site", site)]) == status)
    #expect(try refused(.GET, [("Sec-Fetch-Site", site)]) == nil)
  }

  @Test(
    "asks for its token where something is changed",
    arguments: [
      ("Bearer token-0123456789abcdef", nil), ("Bearer token-0123456789abcde", 401), ("token-0123456789abcdef", 401),
      ("Bearer ", 401), ("Basic token-0123456789abcdef", 401), (nil, 401),
      ("Bearer token-0123456789abcdef token-0123456789abcdef", 401),
    ] as [(String?, Int?)])
  func token(authorization: String?, status: Int?) throws {
    let environment = ["WEIR_ADMIN_TOKEN": "token-0123456789abcdef"]
    let fields = authorization.map { [("Authorization", $0)] } ?? []
    #expect(try refused(.POST, fields, environment) == status)
    #expect(try refused(.GET, fields, environment) == nil)
  }

  @Test("looks at the token last: another site learns nothing about it")
  func order() throws {
    let environment = ["WEIR_ADMIN_TOKEN": "token-0123456789abcdef"]
    let bearer = ("Authorization", "Bearer token-0123456789abcdef")
    #expect(try refused(.POST, [bearer, ("Origin", "http://evil.example")], environment) == 403)
    #expect(try refused(.POST, host: "evil.example", [bearer], environment) == 421)
  }
}

@Suite("A request to the admin listener")
struct AdminRequestTests {
  private func request(_ uri: String) -> AdminRequest {
    AdminRequest(head: requestHead([], method: .GET, uri: uri), peer: "admin 127.0.0.1", body: [])
  }

  @Test(
    "has a path without its query",
    arguments: [("/health", "/health"), ("/health?probe=1", "/health"), ("/?", "/"), ("/a?b?c", "/a"), ("?x", "")])
  func path(uri: String, path: String) {
    #expect(request(uri).path == path)
  }

  @Test(
    "has a query's values as they stand, the first of a name",
    arguments: [
      ("/health?probe=1", "1"), ("/health?a=b&probe=1", "1"), ("/health?probe", ""), ("/health?probe=", ""),
      ("/health?probe=a=b", "a=b"), ("/health?probe=1&probe=2", "1"), ("/h?x?probe=1&probe=3", "3"),
      ("/health?probe=%31", "%31"), ("/h?&&probe=1&", "1"),
    ])
  func query(uri: String, value: String) {
    #expect(request(uri).query("probe").map(String.init) == value)
  }

  @Test(
    "has no value of a name that is not there",
    arguments: ["/health", "/probe=1", "/h?probes=1", "/h?Probe=1", "/h?=probe", "/h?"])
  func absent(uri: String) {
    #expect(request(uri).query("probe") == nil)
  }
}
