import NIOCore
import NIOHTTP1
import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("The header lines of a model list that weir changed or kept")
struct ModelListFieldsTests {
  private let lines = ByteBuffer(
    string: "Content-Type: application/json\r\nETag: \"a\"\r\nX-A: b: c\r\nSet-Cookie: a=b\r\n"
      + "Content-Encoding: gzip\r\nAGE: 7\r\nX-RateLimit-Limit: 5\r\nVary: Accept-Encoding, Origin\r\n"
      + "vary:Accept-Language\r\nLast-Modified: x\r\n")

  private func kept(forLater: Bool) -> String {
    String(buffer: ModelListFields.lines(lines, forLater: forLater, allocator: ByteBufferAllocator()))
  }

  @Test("lose what speaks of the upstream's bytes")
  func changed() {
    #expect(
      kept(forLater: false)
        == "Content-Type: application/json\r\nX-A: b: c\r\nSet-Cookie: a=b\r\nAGE: 7\r\nX-RateLimit-Limit: 5\r\n"
        + "Vary: Accept-Encoding, Origin\r\nvary:Accept-Language\r\n")
  }

  @Test("and, for later requests, what was for one only")
  func kept() {
    #expect(
      kept(forLater: true)
        == "Content-Type: application/json\r\nX-A: b: c\r\nVary: Accept-Encoding, Origin\r\nvary:Accept-Language\r\n")
  }

  @Test("keep bytes that are not UTF-8")
  func bytes() {
    var latin = ByteBuffer(string: "X-Latin: caf")
    latin.writeBytes([0xE9, 0x0D, 0x0A])
    let kept = ModelListFields.lines(latin, forLater: true, allocator: ByteBufferAllocator())
    #expect(Array(kept.readableBytesView) == Array("X-Latin: caf".utf8) + [0xE9, 0x0D, 0x0A])
  }

  @Test("tell which fields of the request matter, with what it had")
  func varying() {
    let request = ClientHead(
      requestHead([("accept-language", "de"), ("Accept-Encoding", "br"), ("Accept-Language", "en")]))
    #expect(
      ModelListFields.varying(lines, request: request) == [
        ModelListCache.VaryingField(name: "origin", values: []),
        ModelListCache.VaryingField(name: "accept-language", values: ["de", "en"]),
      ])
    #expect(ModelListFields.varying(ByteBuffer(string: "A: b\r\n"), request: request) == [])
    #expect(ModelListFields.varying(ByteBuffer(string: "Vary: Origin , *\r\n"), request: request) == nil)
  }

  @Test(
    "tell the caller apart where the upstream could",
    arguments: [
      ([], [:], false), ([("Authorization", "Bearer a")], [:], true), ([("x-api-key", "a")], [:], true),
      ([("Authorization", "Bearer a")], ["OPENROUTER_API_KEY": "sk-or-v1-a"], false),
      ([("Authorization", "Bearer key-of-the-app")], ["WEIR_CLIENT_KEYS": "app:key-of-the-app"], false),
      ([("Cookie", "a=b")], ["OPENROUTER_API_KEY": "sk-or-v1-a"], true),
      ([("OpenAI-Organization", "a")], ["OPENROUTER_API_KEY": "sk-or-v1-a"], true),
      ([("OPENAI-Project", "a")], [:], true), ([("User-Agent", "a")], [:], false),
    ] as [([(String, String)], [String: String], Bool)])
  func caller(fields: [(String, String)], environment: [String: String], tells: Bool) throws {
    let request = ClientHead(requestHead(fields, method: .GET, uri: "/v1/models"))
    let own = RequestFields(request)
    let snapshot = RuntimeSnapshot(try configuration(environment))
    let (exchange, _) = RequestPath.open(own.head, requestID: "r", policy: snapshot.policy, now: 0, wall: 0)
    #expect(
      ModelListFields.tellsCaller(own, request: request, exchange: exchange, snapshot: snapshot) == tells)
  }
}
