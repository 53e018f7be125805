import Testing
import WeirConfiguration
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

@Suite("The access line")
struct AccessLogTests {
  /// The line as it is written, the second time in the room of the first.
  private func line(_ exchange: Exchange, _ format: LogFormat = .json) throws -> String {
    let pipe = try Pipe()
    let reader = Reading(pipe.reader)
    let sink = try LogSink(descriptor: pipe.writer)
    var room = JSONLine()
    for _ in 0..<2 {
      AccessLog.write(
        exchange, sizes: AccessLog.Sizes(received: 10, sent: 20), format: format,
        wall: WallTime(wholeSeconds: 1_763_769_600, nanoseconds: 123_456_789), in: &room, to: sink)
    }
    sink.close()
    pipe.closeWriter()
    let written = String(decoding: reader.all(), as: UTF8.self).split(separator: "\n")
    try #require(written.count == 2)
    #expect(written[0] == written[1])
    return String(written[0])
  }

  @Test("of a request that was answered has who, what, where, how long and how much")
  func complete() throws {
    let exchange = try Exchange.replied(status: 201)
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 101_000_000)
    let line = try line(exchange)
    _ = try envelope(Array(line.utf8))
    for field in [
      #""level":"info""#, #""message":"access""#, #""request_id":"req_1""#, #""client":"anonymous""#,
      #""method":"POST""#, #""endpoint":"chat/completions""#, #""model":"kimi-k2""#,
      #""upstream_model":"moonshotai/kimi-k2""#, #""upstream":"openrouter.ai""#, #""status":201"#, #""attempts":1"#,
      #""stream":false"#, #""request_bytes":10"#, #""response_bytes":20"#, #""overhead_ms":1.234"#,
      #""duration_ms":100.000"#, #""ending":"complete""#,
    ] {
      #expect(line.contains(field), "\(field)")
    }
    #expect(!line.contains(#""error""#))
  }

  @Test("of a refusal has its code, and of what the client sent only what may be logged")
  func refused() throws {
    let exchange = try Exchange.sent()
    RequestPath.refuse(exchange, Refusal(.duplicateKey, "the key \"s3cr3t\"", remedy: "r", logged: "a key"))
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 4_000_000)
    for format in [LogFormat.json, .text] {
      let line = try line(exchange, format)
      #expect(line.contains("duplicate_key"))
      #expect(line.contains("a key"))
      #expect(!line.contains("s3cr3t"))
    }
  }

  @Test("of an error that came in a reply says so, whatever the status was")
  func errorInReply() throws {
    let exchange = try Exchange.replied()
    var reading = ReplyReading()
    reading.error = ReplyError(code: "s3cr3t", isMidStream: true)
    RequestPath.settle(exchange, ending: .complete, reading: reading, now: 101_000_000)
    #expect(try line(exchange).contains(#""error":"upstream_error_in_reply""#))
    #expect(try line(exchange, .text).contains("upstream_error_in_reply"))
    #expect(try !line(exchange).contains("s3cr3t"))
  }

  @Test("is one line whatever a model is called", arguments: ["a\nb", "a\r\n{\"x\":1}", "a\u{0}", "a\"b"])
  func oneLine(model: String) throws {
    let exchange = try Exchange.replied(model: model)
    RequestPath.settle(exchange, ending: .broken, reading: nil, now: 99_000_000)
    _ = try envelope(Array(try line(exchange).utf8))
    for format in [LogFormat.json, .text] {
      #expect(try line(exchange, format).utf8.allSatisfy { $0 >= 0x20 })
    }
  }

  @Test("a wait for another request's reply is not weir's own time")
  func following() throws {
    let exchange = try Exchange.sent()
    exchange.follows(since: 2_500_000)
    exchange.takes(status: 200, model: nil, upstream: "u", now: 90_000_000)
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 99_000_000)
    #expect(exchange.ownTime == 500_000)
  }

  @Test("holds no query, which may hold keys")
  func query() throws {
    let exchange = try Exchange.sent(path: "/v1/chat/completions?key=s3cr3t")
    RequestPath.settle(exchange, ending: .clientLeft(.waiting), reading: nil, now: 4_000_000)
    #expect(try !line(exchange).contains("s3cr3t"))
    #expect(try !line(exchange, .text).contains("s3cr3t"))
    #expect(try line(exchange).contains(#""ending":"client_left_waiting""#))
  }
}
