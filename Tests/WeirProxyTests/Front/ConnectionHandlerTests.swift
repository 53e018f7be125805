import NIOEmbedded
import Testing

@testable import WeirProxy

@Suite("A client's connection")
struct ConnectionHandlerTests {
  /// The first is read plain, the second by NIO's decoder.
  @Test("tells of a request that its end cuts off, once", arguments: ["POST", "PUT"])
  func cut(method: String) throws {
    for end in [
      "", "Host: a\r\n", "Host: a\r\nContent-Length: 10\r\n\r\n", "Host: a\r\nContent-Length: 10\r\n\r\nbody",
    ] {
      let client = try ClientConnection()
      client.send("\(method) /v1/chat/completions HTTP/1.1\r\n" + end)
      let lines = try client.accessLines()
      #expect(lines.count == 1)
      #expect(lines.allSatisfy { $0.contains(#""status":400"#) }, "\(end): \(lines)")
    }
  }

  @Test("tells of nothing where its end cuts nothing off")
  func whole() throws {
    let client = try ClientConnection()
    client.send("GET /v1/models/kimi-k2 HTTP/1.1\r\nHost: a\r\n\r\n")
    let lines = try client.accessLines()
    #expect(lines.count == 1, "\(lines)")
    #expect(try ClientConnection().accessLines().isEmpty)
  }

  @Test("goes on with NIO's decoder behind requests that are plain")
  func mixed() throws {
    let client = try ClientConnection()
    let plain = "GET /v1/models/kimi-k2 HTTP/1.1\r\nHost: a\r\n\r\n"
    client.send(plain + "GET /v1/models/kimi-k2 HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n" + plain)
    client.channel.embeddedEventLoop.run()
    client.send("GET /v1/models/kimi-k2 HTTP/1.1\r\nBad name: a\r\n\r\n")
    client.channel.embeddedEventLoop.run()
    let replies = try client.sent().split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
    #expect(replies == ["200", "200", "200", "400"])
    #expect(try client.accessLines().count == 4)
  }
}
