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
