import NIOCore
import Testing
import WeirConfiguration
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

@Suite("What a client asked for and does not get")
struct ReplyWarningsTests {
  private func head(_ warnings: [String]) throws -> String {
    let exchange = try Exchange.replied()
    exchange.warnings = warnings
    let buffer = ReplyHeadWriter.relayed(
      replyHead([]), status: 200, framing: .chunked, keepAlive: true, exchange: exchange, ownRequestID: true,
      isHTTP10: false, allocator: ByteBufferAllocator())
    return String(buffer: buffer)
  }

  @Test("is told in one header of printable ASCII, or in none")
  func header() throws {
    #expect(try !head([]).contains("x-weir-warnings"))
    #expect(try head(["a was dropped", "b, too"]).contains("\r\nx-weir-warnings: a was dropped; b, too\r\n"))
    #expect(try head(["a\r\nx-evil: é"]).contains("\r\nx-weir-warnings: a??x-evil: ??\r\n"))
  }

  private static let file = """
    models:
      catalog:
        - id: acme/big
          defaults: {top_p: 0.9}
          system_prompt: Be brief.
          parameters:
            - drop: top_k
            - {clamp: temperature, max: 1}
    """

  @Test("is explained before anything is sent")
  func explained() throws {
    let configuration = try ConfigurationLoader.load(
      ConfigurationSources(environment: [:], configPath: "weir.yaml", envFilePath: nil),
      readFile: { path in
        guard path == "weir.yaml" else { throw FileReadError(path: path, reason: .notFound) }
        return Array(Self.file.utf8)
      })
    let body = #"{"model":"acme/big","top_k":4,"temperature":1.5,"messages":[]}"#
    let lines = Explanation.explain(
      configuration, path: "/v1/chat/completions", headers: [], body: Array(body.utf8)
    ).lines
    #expect(lines.contains("body edits: top_p, top_k, temperature, messages"))
    #expect(lines.filter { $0.hasPrefix("warning: ") }.count == 2)
  }
}
