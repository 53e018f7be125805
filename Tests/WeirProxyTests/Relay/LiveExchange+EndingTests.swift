import Glibc
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import WeirProxy

@Suite("The end of an exchange")
struct LiveExchangeEndingTests {
  private let bad = requestHead([("Host", "a"), ("Content-Length", "3"), ("Content-Type", "application/json")])
  private let model = requestHead([("Host", "a")], method: .GET, uri: "/v1/models/kimi-k2")

  @Test("gives the request's place back before the last bytes leave, and counts it behind them")
  func order() throws {
    let client = try ClientConnection()
    var seen: [(inFlight: Int, buffered: Int, counted: Int)] = []
    client.whenFlushing { _ in
      seen.append((client.state.inFlight.inUse, client.state.bufferedBytes.inUse, client.counted))
    }
    client.send(bad, body: "{]}")
    #expect(seen.count == 1)
    #expect(seen.first?.inFlight == 0 && seen.first?.buffered == 0)
    #expect(seen.first?.counted == 0)
    #expect(client.counted == 1)
    #expect(try client.sent().hasPrefix("HTTP/1.1 400 "))
    #expect(try client.accessLines().count == 1)
  }

  @Test("lets whoever passes the barrier find it counted")
  func barrier() throws {
    let client = try ClientConnection()
    var found: Int?
    client.whenFlushing { _ in
      // As an admin request that comes in just when the client has the reply.
      client.loop.barrier.passed(on: client.channel.eventLoop).assumeIsolated().whenComplete { _ in
        found = client.counted
      }
    }
    client.send(model)
    #expect(found == nil, "the loop is still in its turn")
    client.channel.embeddedEventLoop.run()
    #expect(found == 1)
    _ = try client.accessLines()
  }

  @Test("comes once, though the flush finds the client gone")
  func closedByTheFlush() throws {
    let client = try ClientConnection()
    client.whenFlushing { $0.fireChannelInactive() }
    client.send(bad, body: "{]}")
    #expect(client.counted == 1)
    #expect(client.state.inFlight.inUse == 0)
    let lines = try client.accessLines()
    #expect(lines.count == 1 && lines.first?.contains(#""ending":"complete""#) == true)
  }

  @Test("comes once, though the flush fails")
  func failedFlush() throws {
    let client = try ClientConnection()
    client.whenFlushing { context in
      context.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "write"))
      context.fireChannelWritabilityChanged()
    }
    client.send(model)
    client.channel.embeddedEventLoop.run()
    #expect(!client.channel.isActive)
    #expect(client.counted == 1)
    #expect(try client.accessLines().count == 1)
  }

  @Test("comes before the next request of a pipeline begins")
  func pipeline() throws {
    let client = try ClientConnection()
    var seen: [Int] = []
    client.whenFlushing { _ in seen.append(client.counted) }
    client.send(model, model, model)
    client.channel.embeddedEventLoop.run()
    #expect(seen == [0, 1, 2])
    #expect(client.counted == 3)
    #expect(try client.sent().split(separator: "HTTP/1.1 200 ").count == 3)
    #expect(try client.accessLines().count == 3)
  }

  @Test("closes the connection behind a reply that says so, and leaves it open behind any other")
  func keepAlive() throws {
    let client = try ClientConnection()
    client.send(model)
    client.channel.embeddedEventLoop.run()
    #expect(client.channel.isActive)
    client.send(requestHead([("Host", "a"), ("Connection", "close")], method: .GET, uri: "/v1/models/kimi-k2"), model)
    client.channel.embeddedEventLoop.run()
    #expect(!client.channel.isActive)
    #expect(client.counted == 2, "what a client sends behind a request that closes is none")
    #expect(try client.accessLines().count == 2)
  }
}
