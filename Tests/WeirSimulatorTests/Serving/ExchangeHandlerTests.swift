import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import WeirSimulator

@Suite("A connection")
struct ExchangeHandlerTests {
  private let world = World(key: nil)

  private func connect() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandlers([
      TransportCloser(), ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
      ExchangeHandler(world: world),
    ])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }

  private func send(_ text: String, to channel: EmbeddedChannel) throws {
    try channel.writeInbound(ByteBuffer(string: text))
  }

  private func sent(by channel: EmbeddedChannel) throws -> String {
    var text = ""
    while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
    return text
  }

  private func chat(_ headers: String = "", isStream: Bool = true) -> String {
    let body =
      #"{"model":"moonshotai/kimi-k2","stream":\#(isStream),"messages":[{"role":"user","content":"a b"}]}"#
    return "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\(headers)"
      + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func leave(_ channel: EmbeddedChannel) throws {
    channel.close(promise: nil)
    channel.embeddedEventLoop.run()
  }

  @Test("a stream's events are counted, billed and recorded as complete")
  func complete() throws {
    let channel = try connect()
    try send(chat(), to: channel)
    #expect(try sent(by: channel).hasSuffix("data: [DONE]\n\n\r\n0\r\n\r\n"))
    let record = try #require(world.recorder.last(1, path: nil).first)
    #expect(record.eventsSent == 7)
    #expect(record.json(withLargeBodies: false)["ended"] == "complete")
    let totals = world.totals.snapshot
    #expect((totals.requests, totals.open, totals.completed, totals.connections) == (1, 0, 1, 1))
    #expect((totals.promptTokens, totals.completionTokens) == (1, 4))
    try leave(channel)
    #expect(world.totals.snapshot.openConnections == 0)
  }

  @Test("a client that leaves during a gap is recorded as cancelled and pays for what it got")
  func cancelled() throws {
    let channel = try connect()
    try send(chat("x-sim-gap-ms: 10\r\n"), to: channel)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(25))
    try leave(channel)
    channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    let json = try #require(world.recorder.last(1, path: nil).first).json(withLargeBodies: false)
    #expect(json["ended"] == "cancelled")
    #expect(json["events_sent"] == 3)
    #expect(json["cancelled_at_ms"]?.int != nil)
    #expect(world.totals.snapshot.completionTokens == 3)
    #expect(world.totals.snapshot.cancelled == 1)
  }

  @Test("a request whose body never ends is cancelled when the client leaves")
  func halfRequest() throws {
    let channel = try connect()
    try send("POST /half HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", to: channel)
    #expect(world.totals.snapshot.open == 1)
    try leave(channel)
    let json = try #require(world.recorder.last(1, path: "/half").first).json(withLargeBodies: false)
    #expect(json["ended"] == "cancelled")
    #expect(json["bytes"] == 3)
  }

  @Test("nothing is sent before a delay is over")
  func delay() throws {
    let channel = try connect()
    try send(chat("x-sim-fault: delay=500\r\n"), to: channel)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
    #expect(try sent(by: channel) == "")
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 200 OK\r\n"))
    try leave(channel)
  }

  @Test("pipelined requests are answered in order, those that wait when the client leaves are cancelled")
  func pipelining() throws {
    let channel = try connect()
    try send(
      "GET /a HTTP/1.1\r\nhost: x\r\n\r\n" + chat("x-sim-fault: delay=50\r\n")
        + "GET /b HTTP/1.1\r\nhost: x\r\n\r\n", to: channel)
    #expect(try sent(by: channel).contains(#""path":"/a""#))
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
    let rest = try sent(by: channel)
    #expect(rest.contains("[DONE]"))
    #expect(rest.hasSuffix("}") && rest.contains(#""path":"/b""#))
    try send(
      chat("x-sim-fault: stall=0\r\n") + "GET /c HTTP/1.1\r\nhost: x\r\n\r\n", to: channel)
    try leave(channel)
    #expect(world.totals.snapshot.cancelled == 2)
    #expect(world.recorder.last(10, path: "/c").count == 1)
  }

  @Test("an early reply does not wait for the body, which is then read and recorded")
  func early() throws {
    let channel = try connect()
    try send(
      "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n"
        + "x-sim-fault: early=413\r\ncontent-length: 5\r\n\r\n", to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 413 "))
    try send("hello" + "GET /after HTTP/1.1\r\nhost: x\r\n\r\n", to: channel)
    #expect(try sent(by: channel).contains(#""path":"/after""#))
    let record = try #require(world.recorder.last(2, path: "/v1/chat/completions").first)
    #expect(record.json(withLargeBodies: false)["body_base64"] == "aGVsbG8=")
    try leave(channel)
  }

  @Test("Expect: 100-continue is answered before the body")
  func expectContinue() throws {
    let channel = try connect()
    try send(
      "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n", to: channel)
    #expect(try sent(by: channel) == "HTTP/1.1 100 Continue\r\n\r\n")
    try leave(channel)
  }

  @Test("what is no HTTP is answered with 400 and closed")
  func malformed() throws {
    let channel = try connect()
    try? send("NOT HTTP\r\n\r\n", to: channel)
    channel.embeddedEventLoop.run()
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(!channel.isActive)
  }

  @Test("a fault for some models acts on these alone, ordered for all or by the request itself")
  func faultOfModel() throws {
    let channel = try connect()
    world.faults.set(try Fault.parse("status=503[moonshotai/*]", allowingShares: true))
    try send(chat(), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 503 "))
    try send(chat().replacing("moonshotai/kimi-k2", with: "openai/other-names"), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 200 "))
    try send(chat("x-sim-fault: status=502[*kimi*]\r\n"), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 502 "))
    try send(chat("x-sim-fault: status=502[*gpt*]\r\n"), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 200 "))
    try leave(channel)
  }

  @Test("context=N refuses a prompt of more tokens in OpenAI's words", arguments: [(0, 400), (1, 200)])
  func context(window: Int, status: Int) throws {
    let channel = try connect()
    try send(chat("x-sim-fault: context=\(window)\r\n"), to: channel)
    let text = try sent(by: channel)
    #expect(text.hasPrefix("HTTP/1.1 \(status) "))
    #expect(text.contains(#""code":"context_length_exceeded""#) == (status == 400))
    #expect(text.contains("maximum context length is 0 tokens") == (status == 400))
    try leave(channel)
  }

  @Test("/_sim is neither recorded nor counted, sets faults, and is spared by them")
  func control() throws {
    let channel = try connect()
    try send(
      "POST /_sim/faults HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nstatus=503"
        + "GET /_sim/stats HTTP/1.1\r\nhost: x\r\n\r\n", to: channel)
    let text = try sent(by: channel)
    #expect(text.contains(#"{"faults":1}"#))
    #expect(text.contains(#"{"requests":0,"#))
    try send(chat(), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 503 "))
    try send(chat("x-sim-fault: gap=0\r\n"), to: channel)
    #expect(try sent(by: channel).hasPrefix("HTTP/1.1 200 "))
    try send("DELETE /_sim/faults HTTP/1.1\r\nhost: x\r\n\r\n" + chat(), to: channel)
    #expect(try sent(by: channel).contains("[DONE]"))
    try leave(channel)
  }
}
