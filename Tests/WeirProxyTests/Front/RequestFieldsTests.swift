import NIOHTTP1
import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("A request's head is read for")
struct RequestFieldsTests {
  private func read(_ fields: [(String, String)]) -> RequestFields { RequestFields(ClientHead(requestHead(fields))) }

  @Test("what the policy needs")
  func policy() {
    let fields = RequestFields(
      ClientHead(
        requestHead(
          [
            ("AUTHORIZATION", "Bearer k"), ("X-Api-Key", "a"), ("X-Weir-User", "w"), ("X-User-ID", "u"),
            ("x-weir-variant", "v"),
          ], method: .PUT, uri: "/v1/x?y")))
    #expect(fields.head.method == "PUT")
    #expect(fields.head.target == "/v1/x?y")
    #expect(fields.head.authorization == "Bearer k")
    #expect(fields.head.apiKey == "a")
    #expect(fields.head.weirUser == "w")
    #expect(fields.head.userID == "u")
    #expect(fields.head.weirVariant == "v")
  }

  @Test("values without the blanks behind them, which are no part of them, but for what frames the body")
  func blanks() {
    let fields = read([
      ("Authorization", "Bearer k \t"), ("x-weir-user", "ada "), ("x-weir-variant", " \t"),
      ("Content-Encoding", "gzip "), ("anthropic-version", "1 "), ("Content-Length", "5 "), ("x-weir-timeout", "a b"),
    ])
    #expect(fields.head.authorization == "Bearer k")
    #expect(fields.head.weirUser == "ada")
    #expect(fields.head.weirVariant == "")
    #expect(fields.contentEncoding == "gzip")
    #expect(fields.variants.map(\.value) == ["1"])
    #expect(fields.contentLength == .max)
    #expect(fields.head.weirTimeout == "a b")
    #expect(read([("Transfer-Encoding", "chunked ")]).hasUnknownCoding)
  }

  @Test("how many hosts it names: one, or none where HTTP/1.0 speaks")
  func hosts() {
    #expect(read([("Host", "a")]).hasOneHost)
    #expect(!read([]).hasOneHost)
    #expect(!read([("Host", "a"), ("host", "a")]).hasOneHost)
    let old = HTTPRequestHead(version: .http1_0, method: .GET, uri: "/")
    #expect(RequestFields(ClientHead(old)).hasOneHost)
  }

  @Test("what frames its body")
  func framing() {
    #expect(!read([]).hasBody)
    #expect(!read([("Content-Length", "0")]).hasBody)
    #expect(read([("content-length", "17")]).contentLength == 17)
    #expect(read([("content-length", "17")]).hasBody)
    #expect(read([("Transfer-Encoding", "chunked")]).hasBody)
    #expect(read([("Transfer-Encoding", "chunked")]).isChunked)
  }

  @Test("a body even where its length does not fit into 63 bits")
  func hugeLength() {
    #expect(read([("Content-Length", "9999999999999999999")]).hasBody)
  }

  @Test("an id that may be kept, the first that is")
  func requestID() {
    #expect(read([("X-Request-ID", "abc")]).requestID == "abc")
    #expect(read([("X-Request-ID", "not ok"), ("x-request-id", "fine")]).requestID == "fine")
    #expect(read([("x-request-id", "one"), ("x-request-id", "two")]).requestID == "one")
    #expect(read([("x-request-id", "")]).requestID == nil)
  }

  private func nominates(_ fields: RequestFields, _ name: String) -> Bool {
    unsafe Array("\(name): a".utf8).withUnsafeBytes { line in
      unsafe FieldLine(line).map(fields.nominates) ?? false
    }
  }

  @Test("fields that Connection keeps to this hop")
  func nominated() {
    let fields = read([("Connection", "close, X-Secret ,\tx-other\t"), ("connection", "Keep-Alive,TE,,Upgrade")])
    #expect(fields.nominated == ["x-secret", "x-other", "te"])
    #expect(nominates(fields, "X-SECRET"))
    #expect(nominates(fields, "x-other"))
    #expect(!nominates(fields, "close"))
    #expect(!nominates(fields, "x-secre"))
    #expect(!nominates(read([]), "x"))
  }

  @Test("codings of several fields as if they were one")
  func codings() {
    let fields = read([
      ("Content-Encoding", "gzip"), ("content-encoding", "br"), ("Accept-Encoding", "br"), ("accept-encoding", "gzip"),
    ])
    #expect(fields.contentEncoding == "gzip, br")
    #expect(fields.acceptEncoding == "br, gzip")
  }

  @Test("what libcurl would otherwise make up, or the operator's settings add")
  func presence() {
    let none = read([])
    #expect(!none.hasAccept && !none.hasContentType && !none.hasReferer && !none.hasTitle)
    #expect(read([("ACCEPT", "*/*")]).hasAccept)
    #expect(read([("content-type", "a/b")]).hasContentType)
    #expect(read([("HTTP-Referer", "x")]).hasReferer)
    #expect(read([("X-Title", "x")]).hasTitle)
    #expect(read([("X-OpenRouter-Title", "x")]).hasTitle)
  }

  @Test("what it expects and to what it wants to switch, in lower case")
  func expectation() {
    #expect(read([("Expect", "100-Continue")]).expectation == "100-continue")
    #expect(read([("Upgrade", "WebSocket")]).upgrade == "websocket")
    #expect(read([]).expectation == nil)
  }
}
