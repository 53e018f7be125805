import NIOCore
import Testing

@testable import WeirUpstream

@Suite("A URL taken apart")
struct DirectAddressTests {
  private func address(_ text: String) -> DirectAddress? { DirectAddress(text) { _ in OriginConnections() } }

  @Test(
    "says whom to connect to, what Host is and what to ask",
    arguments: [
      ("http://Example.com/v1/x", "example.com", 80, "Example.com", "/v1/x"),
      ("http://example.com:80/v1", "example.com", 80, "example.com", "/v1"),
      (
        "http://10.0.0.1:8080/v1//a%2Fb/../c?x=%7E&y=;z", "10.0.0.1", 8080, "10.0.0.1:8080",
        "/v1//a%2Fb/../c?x=%7E&y=;z"
      ),
      ("http://host", "host", 80, "host", "/"), ("http://host?q", "host", 80, "host", "/?q"),
      ("http://[::1]:9/v1", "::1", 9, "[::1]:9", "/v1"), ("http://[FE80::1]/", "fe80::1", 80, "[FE80::1]", "/"),
      ("http://host:443/", "host", 443, "host:443", "/"),
    ])
  func parts(text: String, host: String, port: Int, authority: String, target: String) throws {
    let address = try #require(self.address(text))
    #expect(address.origin == DirectAddress.Origin(isSecure: false, host: host, port: port))
    #expect(address.authority == authority)
    #expect(address.target == target)
  }

  @Test(
    "says the same of TLS, and the name to ask for, which an address has not",
    arguments: [
      ("https://Example.com/v1", 443, "Example.com", "example.com"), ("https://host:443", 443, "host", "host"),
      ("https://host:80/", 80, "host:80", "host"), ("https://10.0.0.1:8443/", 8443, "10.0.0.1:8443", nil),
      ("https://[::1]/", 443, "[::1]", nil),
    ])
  func secure(text: String, port: Int, authority: String, serverName: String?) throws {
    let address = try #require(self.address(text))
    #expect(address.origin.isSecure && address.origin.port == port)
    #expect(address.authority == authority)
    #expect(address.serverName == serverName)
  }

  @Test(
    "is libcurl's where it is anything else",
    arguments: [
      "HTTP://host/", "HTTPS://host/", "ftp://host/", "https://", "https:///v1", "https://user@host/", "http://",
      "http:///v1", "http://user@host/", "http://host:/v1",
      "http://host:0/",
      "http://host:65536/", "http://host:8a/", "http://host:1:2/", "http://[::1/", "http://[::1]x/", "http://[host]/",
      "http://[fe80::1%25eth0]/", "http://host/ü", "http://host/a b", "http://host/#x", "http://ho<st/",
    ])
  func left(text: String) {
    #expect(address(text) == nil)
  }
}
