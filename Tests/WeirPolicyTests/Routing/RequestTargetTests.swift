import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A request target")
struct RequestTargetTests {
  private func read(_ target: String, method: String = "POST") throws -> RequestTarget {
    try RequestTarget.read(method: method, target: target)
  }

  private func refused(_ target: String, method: String = "POST") -> Refusal? {
    refusal { () throws(Refusal) in _ = try RequestTarget.read(method: method, target: target) }
  }

  @Test("below either prefix names the same place upstream", arguments: ["/v1", "/api/v1"])
  func prefixes(prefix: String) throws {
    let target = try read(prefix + "/chat/completions?a=b")
    #expect(target.rest == "/chat/completions")
    #expect(target.query == "?a=b")
    #expect(target.endpoint == .chatCompletions)
  }

  @Test("may be the prefix itself, with or without a slash")
  func bare() throws {
    #expect(try read("/v1") == RequestTarget(rest: "", query: "", endpoint: .other))
    #expect(try read("/v1/").rest == "/")
    #expect(try read("/api/v1?x").query == "?x")
  }

  @Test(
    "is passed on letter for letter",
    arguments: [
      "/models/a%2Fb/endpoints", "/Files//x/", "/a;p=1/b", "/%e4%bd%a0", "/x:y@z!$&'()*+,=~_-", "/v1/v1", "/a%41",
    ])
  func verbatim(rest: String) throws {
    #expect(try read("/v1" + rest).rest == rest)
  }

  @Test("has a query that is nobody's business", arguments: ["?", "?a=../..", "?%2e%2e/", "??", "?a=b&a=%zz", "?\\"])
  func query(query: String) throws {
    #expect(try read("/v1/models" + query).query == query)
    #expect(try read("/v1/models" + query).rest == "/models")
  }

  @Test(
    "is refused where some server reads a JSON API in it, whenever that undoes escapes and path parameters",
    arguments: [
      "/v1//Chat/completions;a=%2fb/", "/v1/messages;%2F%2F", "/v1/%6dessages;a", "/v1/responses%3bx",
      "/v1/EMBEDDINGS%20;/",
    ])
  func disguised(target: String) {
    #expect(refused(target)?.status == 400)
    #expect(refused(target, method: "PUT")?.status == 400)
  }

  @Test("tells the API by method and path")
  func endpoint() throws {
    #expect(try read("/v1/messages").endpoint == .messages)
    #expect(try read("/v1/messages", method: "GET").endpoint == .other)
    #expect(try read("/v1/models", method: "GET").endpoint == .models)
    #expect(try read("/api/v1/responses?x=1").endpoint == .responses)
    #expect(try read("/v1/other").endpoint == .other)
  }

  @Test(
    "tells the API below a second prefix too, which goes upstream as it is",
    arguments: [
      ("/v1/v1/chat/completions", Endpoint.chatCompletions), ("/v1/v1/v1/embeddings/", .embeddings),
      ("/api/v1/v1/messages", .messages), ("/v1/api/v1/responses", .responses), ("/v1/v1x/messages", .other),
      ("/v1/v2/messages", .other), ("/v1/v1/models", .other),
    ])
  func secondPrefix(target: String, endpoint: Endpoint) throws {
    let read = try read(target)
    #expect(read.endpoint == endpoint)
    #expect(["/v1" + read.rest, "/api/v1" + read.rest].contains(target))
    #expect(try self.read("/v1" + String(repeating: "/v1", count: 20_000) + "/messages").endpoint == .other)
    #expect(refused("/v1/v1//messages")?.status == 400)
    #expect(refused("/v1/V1/messages")?.status == 400)
    #expect(refused("/v1/%761/messages")?.status == 400)
  }

  @Test("in absolute form is read for its path; the authority does not matter")
  func absolute() throws {
    #expect(try read("http://anything.example:1/v1/embeddings?q") == read("/v1/embeddings?q"))
    #expect(try read("https://user@h/api/v1/models").rest == "/models")
    #expect(refused("http://host")?.status == 404)
    #expect(refused("http://host?q")?.status == 400)
  }

  @Test(
    "outside the prefixes is not found",
    arguments: [
      "/", "/v2/models", "/v1beta/models", "/v1x", "/V1/models", "/api/v2", "/api", "/metrics", "//v1/models",
    ])
  func notFound(target: String) {
    #expect(refused(target)?.status == 404)
    #expect(refused(target)?.code == .invalidRequest)
  }

  @Test("that is not a path is refused", arguments: ["*", "", "v1/models", "host:443", "?x", "mailto:x"])
  func notAPath(target: String) {
    #expect(refused(target)?.status == 400)
  }

  @Test(
    "with a character that must be encoded is refused",
    arguments: [
      "/v1/a b", "/v1/é", "/v1/a\tb", "/v1/a\r\nX: y", "/v1/#f", "/v1/\u{7F}", "/v1/\u{0}", "/v1/m?a b", "/v1/m?#",
    ])
  func unprintable(target: String) {
    #expect(refused(target)?.status == 400)
  }

  @Test(
    "with a dot segment is refused, wherever it stands",
    arguments: [
      "/v1/../admin", "/v1/a/../../b", "/v1/..", "/v1/%2e%2e/x", "/v1/..%2fx", "/v1/..\\x", "/v1/./x", "/../v1/x",
      "/v1/..;/x", "http://h/v1/../x", "/api/v1/%2E./x",
    ])
  func dotSegments(target: String) {
    #expect(refused(target)?.status == 400)
    #expect(refused(target)?.what.contains("dot segment") == true)
  }

  @Test("of CONNECT is refused with the methods that are served")
  func connect() throws {
    let refusal = try #require(refused("example.com:443", method: "CONNECT"))
    #expect(refusal.status == 405)
    #expect(refusal.fields.map(\.name) == ["allow"])
    #expect(refusal.fields.first?.value.contains("POST") == true)
  }

  @Test("is never repeated in what is logged of a refusal")
  func logged() {
    for target in ["/v1/../s3cr3t", "/s3cr3t", "s3cr3t", "/v1/s3cr3t é"] {
      #expect(refused(target)?.logged.contains("s3cr3t") == false)
    }
  }
}
