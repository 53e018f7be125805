import Testing

@testable import WeirConfiguration

@Suite("Listen addresses")
struct ListenAddressTests {
  @Test(
    "are a host and a port",
    arguments: [
      ("127.0.0.1:8787", "127.0.0.1", 8787), ("localhost:0", "localhost", 0), ("[::1]:9787", "::1", 9787),
      ("0.0.0.0:65535", "0.0.0.0", 65_535), ("[2001:db8::1]:80", "2001:db8::1", 80),
      ("weir-1.internal:8787", "weir-1.internal", 8787),
    ])
  func accepted(text: String, host: String, port: Int) throws {
    let address = try ValueParsers.listenAddress(text)
    #expect(address == ListenAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test(
    "are refused when a part is missing or wrong",
    arguments: [
      "8787", "127.0.0.1", ":8787", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80a",
      "::1:8787", "[::1]", "[::1]8787", "[127.0.0.1]:80", "[::1:8787", "[:::]:80", "256.1.1.1:80", "1.2.3:80",
      "a b:80", "a..b:80", ".a:80", "http://a:80", "a:80:90", "*:80", "é:80", "[fe80::1%eth0]:80", "a:000080",
    ])
  func refused(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.listenAddress(text) }
  }

  @Test(
    "know which hosts only this machine reaches",
    arguments: [
      ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true),
      ("0:0:0:0:0:0:0:1", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false), ("::", false),
      ("127.0.0.1.example.com", false), ("10.0.0.1", false), ("localhost.example.com", false),
      ("::ffff:10.0.0.1", false), ("::2", false),
    ])
  func loopback(host: String, expected: Bool) {
    #expect(ListenAddress(host: host, port: 1).isLoopback == expected)
  }
}

@Suite("IPv6 addresses")
struct IPv6Tests {
  @Test(
    "are eight groups, with at most one gap and an IPv4 tail",
    arguments: [
      ("::", [0, 0, 0, 0, 0, 0, 0, 0]), ("::1", [0, 0, 0, 0, 0, 0, 0, 1]), ("1::", [1, 0, 0, 0, 0, 0, 0, 0]),
      ("2001:DB8::ff", [0x2001, 0xDB8, 0, 0, 0, 0, 0, 0xFF]), ("1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]),
      ("::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0xFFFF, 0x102, 0x304]),
      ("1:2:3:4:5:6:1.2.3.4", [1, 2, 3, 4, 5, 6, 0x102, 0x304]),
      ("1::3:4:5:6:7:8", [1, 0, 3, 4, 5, 6, 7, 8]),
    ] as [(String, [UInt16])])
  func accepted(text: String, groups: [UInt16]) {
    #expect(IPv6.groups(of: text) == groups)
  }

  @Test(
    "are refused otherwise",
    arguments: [
      "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
      "1:2:3:4:5:6:7::8",
      "::1.2.3", "1.2.3.4::", "1.2.3.4", "1:", ":1", "1:2:3:4:5:6:7:1.2.3.4",
    ])
  func refused(text: String) {
    #expect(IPv6.groups(of: text) == nil)
  }
}
