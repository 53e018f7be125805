import NIOCore
import Testing

@testable import WeirUpstream

@Suite("A reply in pieces, over either way to its upstream", .timeLimit(.minutes(10)))
struct TransferPiecesTests {
  /// What an upstream sends, and what a transfer makes of it.
  private struct Exchange: Sendable {
    enum End: Equatable {
      case whole(String)
      /// A head, and no whole body.
      case broken
      case refused
    }

    let bytes: String
    let end: End
    var method = "GET"
    var status = 200
    var closes = false
    /// Whether another request may go over the connection.
    var keeps = true
    /// Whether libcurl 7.88 sees it in the same way.
    var isOrdinary = true
  }

  private static func ok(_ lines: String..., body: String = "") -> String {
    "HTTP/1.1 200 OK\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
  }

  private static func chunked(_ body: String) -> String { ok("Transfer-Encoding: chunked", body: body) }

  private static let whole: [Exchange] = [
    Exchange(bytes: ok("Content-Length: 5", body: "hello"), end: .whole("hello")),
    Exchange(bytes: ok("Content-Length: 0"), end: .whole("")),
    Exchange(bytes: ok("Content-Length: 00005", "X-Y:", "X-Z: \t z \t", body: "hello"), end: .whole("hello")),
    Exchange(bytes: ok("Content-Length: 5", "Content-Length: 5", body: "hello"), end: .whole("hello")),
    Exchange(bytes: ok("X-A: a", "  b", "\tc", "Content-Length: 2", body: "ok"), end: .whole("ok")),
    Exchange(bytes: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", end: .whole("ok")),
    Exchange(bytes: "HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nok", end: .whole("ok"), status: 299),
    Exchange(
      bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n"
        + ok("Content-Length: 2", body: "ok"), end: .whole("ok")),
    Exchange(bytes: chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), end: .whole("hello world")),
    Exchange(bytes: chunked("0\r\n\r\n"), end: .whole("")),
    Exchange(bytes: chunked("0005;a=\"b;c\";d\r\nhello\r\n00;e\r\n\r\n"), end: .whole("hello")),
    Exchange(
      bytes: chunked("aA\r\n\(String(repeating: "x", count: 170))\r\n0\r\n\r\n"),
      end: .whole(String(repeating: "x", count: 170))),
    Exchange(bytes: chunked("2\r\n\r\n\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\n\r\n"), end: .whole("\r\n")),
    Exchange(bytes: "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", end: .whole(""), status: 204),
    Exchange(bytes: "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", end: .whole(""), status: 304),
    Exchange(bytes: ok("Content-Length: 50"), end: .whole(""), method: "HEAD"),
    Exchange(bytes: ok("Transfer-Encoding: chunked"), end: .whole(""), method: "HEAD"),
    Exchange(bytes: ok("Content-Length: 2", "Connection: x, CLOSE", body: "ok"), end: .whole("ok"), keeps: false),
    Exchange(bytes: ok("X-A: a", body: "to the end"), end: .whole("to the end"), closes: true, keeps: false),
    Exchange(bytes: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", end: .whole("ok"), keeps: false),
    Exchange(bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", end: .whole("ok")),
  ]

  private static let faulty: [Exchange] = [
    Exchange(bytes: ok("Content-Length: 6", body: "hello"), end: .broken, closes: true, keeps: false),
    Exchange(bytes: chunked("5\r\nhello\r\n0\r\n"), end: .broken, closes: true, keeps: false),
    Exchange(bytes: chunked("5\r\nhel"), end: .broken, closes: true, keeps: false),
    Exchange(bytes: chunked("5\r\nhelloxx0\r\n\r\n"), end: .broken, keeps: false),
    Exchange(bytes: chunked("-5\r\nhello\r\n0\r\n\r\n"), end: .broken, keeps: false),
    Exchange(bytes: chunked("\r\nhello\r\n0\r\n\r\n"), end: .broken, keeps: false),
    Exchange(bytes: chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), end: .broken, keeps: false),
    Exchange(bytes: chunked("5x\r\nhello\r\n0\r\n\r\n"), end: .broken, keeps: false, isOrdinary: false),
    Exchange(bytes: chunked("5;\rx\nhello\r\n0\r\n\r\n"), end: .broken, keeps: false, isOrdinary: false),
    Exchange(bytes: chunked("5\r\nhello\r\n0\r\nX-T: a\u{0}b\r\n\r\n"), end: .broken, keeps: false),
    Exchange(bytes: ok("Content-Length: 5", "no colon", body: "hello"), end: .refused, keeps: false),
    Exchange(bytes: ok("Content-Length: 5", "X-A : a", body: "hello"), end: .refused, keeps: false),
    Exchange(bytes: ok("Content-Length: 5", "X-A: a\rb", body: "hello"), end: .refused, keeps: false),
    Exchange(bytes: ok("Content-Length: 5", "X-A: a\u{0}b", body: "hello"), end: .refused, keeps: false),
    Exchange(bytes: "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", end: .refused, keeps: false),
    Exchange(bytes: "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok", end: .refused, keeps: false),
    Exchange(bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", end: .refused, closes: true, keeps: false),
    Exchange(bytes: "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 20", end: .refused, closes: true, keeps: false),
    Exchange(bytes: "HTTP/1.1 101 Switching\r\n\r\n", end: .refused, keeps: false, isOrdinary: false),
    // These are refused behind the engine too, where libcurl has let them pass.
    Exchange(
      bytes: ok("Content-Length: 5", "Content-Length: 6", body: "hello"), end: .refused, keeps: false,
      isOrdinary: false),
    Exchange(bytes: ok("Content-Length: +5", body: "hello"), end: .refused, keeps: false, isOrdinary: false),
    Exchange(bytes: ok("Content-Length:", body: "hello"), end: .refused, keeps: false, isOrdinary: false),
    Exchange(
      bytes: ok("Transfer-Encoding: gzip, chunked", body: "0\r\n\r\n"), end: .refused, keeps: false,
      isOrdinary: false),
  ]

  private static let exchanges = whole + faulty

  /// Cuts the bytes at random places: at few, at many, or between all of them.
  private static func cut(_ bytes: [UInt8], with generator: inout SplitMix64) -> [ArraySlice<UInt8>] {
    let shares: [Double] = [0.02, 0.2, 1]
    let share = shares.randomElement(using: &generator) ?? 1
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    for place in 1..<bytes.count where Double.random(in: 0..<1, using: &generator) < share {
      parts.append(bytes[start..<place])
      start = place
    }
    return parts + [bytes[start...]]
  }

  /// The pieces of the exchange that a target names, cut by the seed that it names too.
  private static func pieces(for target: Substring) -> Pieces {
    let numbers = target.split(separator: "/").compactMap { Int($0) }
    guard numbers.count == 2, exchanges.indices.contains(numbers[0]) else { return Pieces(parts: [], closes: true) }
    var generator = SplitMix64(state: UInt64(numbers[1]) &* 1_000 &+ UInt64(numbers[0]))
    let exchange = exchanges[numbers[0]]
    return Pieces(parts: cut(Array(exchange.bytes.utf8), with: &generator), closes: exchange.closes)
  }

  @Test("is what the same reply is in one", arguments: 1...8)
  func seeds(seed: Int) async throws {
    try await EngineBench.with { bench in
      let isDirect = try await bench.onLoop { $0.settings.speaksDirectly }
      let origin = try await Origin.inPieces(on: bench.origins) { Self.pieces(for: $0) }
      var generator = SplitMix64(state: UInt64(seed))
      var rests = false
      for index in Self.exchanges.indices.shuffled(using: &generator) {
        let exchange = Self.exchanges[index]
        guard isDirect || exchange.isOrdinary else { continue }
        let reply = try await bench.run(EngineRequest(exchange.method, origin.url("/\(index)/\(seed)")))
        let said = "\(isDirect ? "direct" : "libcurl"), seed \(seed): \(exchange.bytes.debugDescription)"
        Self.check(reply, exchange, said)
        // What a handle was used for decides with libcurl too; the loop's own connections are one or none.
        if isDirect { #expect(reply.reusedConnection == rests, "\(said)") }
        rests = exchange.keeps
      }
      #expect(try await bench.onLoop { $0.liveCount } == 0)
      try await origin.tally.wait { $0.opened - $0.closed <= 1 }
    }
  }

  private static func check(_ reply: RecordedReply, _ exchange: Exchange, _ said: String) {
    #expect(reply.surplusCalls == 0, "\(said)")
    switch exchange.end {
    case .whole(let body):
      #expect(reply.failure == nil, "\(said)")
      #expect(reply.status == exchange.status, "\(said)")
      #expect(reply.text == body, "\(said)")
    case .broken:
      #expect(reply.failure == .brokenReply, "\(said)")
      #expect(reply.status == exchange.status, "\(said)")
      #expect("hello".hasPrefix(reply.text), "\(said)")
    case .refused:
      #expect(reply.failure == .protocolError, "\(said)")
      #expect(reply.status == nil && reply.body.isEmpty, "\(said)")
    }
  }
}
