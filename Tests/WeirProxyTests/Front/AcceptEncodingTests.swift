import Testing

@testable import WeirProxy

@Suite("The codings that an upstream may use")
struct AcceptEncodingTests {
  @Test(
    "stay as the client lists them where weir can undo them all",
    arguments: ["gzip", "gzip, deflate", "GZIP;q=0.5,identity", "deflate;q=1.0, gzip;q=0", "x-gzip", "identity", ""])
  func readable(value: String) {
    #expect(AcceptEncoding.reduced(value) == nil)
  }

  @Test(
    "lose what weir cannot undo, and keep the rest with its weights",
    arguments: [
      ("gzip, deflate, br, zstd", "gzip, deflate"), ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.8"),
      ("br,gzip", "gzip"), ("BR, GZip", "GZip"), ("gzip,br,deflate;q=0.5", "gzip, deflate;q=0.5"),
    ])
  func reduced(value: String, expected: String) {
    #expect(AcceptEncoding.reduced(value) == expected)
  }

  @Test(
    "become `identity` where nothing is left", arguments: ["br", "zstd, br", "*", "*;q=0", "compress", "gzi", "gzipp"])
  func nothingLeft(value: String) {
    #expect(AcceptEncoding.reduced(value) == "identity")
  }

  @Test(
    "allow gzip where the client asks for it",
    arguments: ["gzip", "GZIP", "br, gzip", "deflate;q=0.5,gzip;q=0.1", "x-gzip", "gzip; q=1.0", "gzip;level=0"])
  func gzip(value: String) {
    #expect(AcceptEncoding.allowsGzip(value))
  }

  @Test(
    "do not allow it where the client does not name it, or forbids it",
    arguments: [nil, "", "identity", "br", "gzip;q=0", "gzip; q=0.0", "gzip;q=0.000, br", "gzipped"])
  func noGzip(value: String?) {
    #expect(!AcceptEncoding.allowsGzip(value))
  }
}

@Suite("The coding of a request's body")
struct BodyCodingTests {
  private func name(_ header: String?) -> String {
    switch BodyCoding(header) {
    case .plain: "plain"
    case .compressed(let encoding): "\(encoding)"
    case nil: "unreadable"
    }
  }

  @Test("is told in any letter case")
  func known() {
    for (header, expected) in [
      (nil, "plain"), ("", "plain"), ("identity", "plain"), ("gzip", "gzip"), ("X-GZIP", "gzip"),
      ("Deflate", "deflate"),
    ] as [(String?, String)] {
      #expect(name(header) == expected)
    }
  }

  @Test("that weir cannot undo is not guessed", arguments: ["br", "zstd", "gzip, gzip", "gzip;q=1", "chunked", "*"])
  func unreadable(header: String) {
    #expect(name(header) == "unreadable")
  }
}
