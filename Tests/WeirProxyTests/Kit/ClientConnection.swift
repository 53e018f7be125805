import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import WeirMetrics

@testable import WeirProxy

/// A client's connection in memory, with a `ConnectionHandler` that has an event loop of its own and no upstream.
final class ClientConnection {
  let channel = EmbeddedChannel()
  let loop: LoopContext
  var state: ProxyState { loop.state }
  private let watch = FlushWatch()
  private let log: Pipe
  private let sink: LogSink

  init(_ settings: [String: String] = [:]) throws {
    log = try Pipe()
    sink = try LogSink(descriptor: log.writer)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let state = try ProxyState(
      snapshot: RuntimeSnapshot(try configuration(settings)), metrics: ProxyMetrics(knownModels: []),
      ledger: LedgerKeeper(path: nil, logger: logger), log: sink, logger: logger)
    loop = try LoopContext(
      eventLoop: channel.embeddedEventLoop, state: state, barrier: LoopBarrier(channel.embeddedEventLoop),
      honoursProxies: false)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(watch)
    try pipeline.addHandler(ConnectionHandler(loop: loop, reads: ClientReads(), isOverLimit: false))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  /// Called within each flush, before the bytes leave.
  func whenFlushing(_ body: @escaping (ChannelHandlerContext) -> Void) { watch.body = body }

  /// Sends whole requests, which one read brings.
  func send(_ heads: HTTPRequestHead..., body: String = "") {
    send(
      heads.map { head in
        var fields = head.headers.map { "\($0.name): \($0.value)\r\n" }
        if !body.isEmpty, !head.headers.contains(name: "content-length") {
          fields.append("Content-Length: \(body.utf8.count)\r\n")
        }
        return "\(head.method.rawValue) \(head.uri) HTTP/1.1\r\n\(fields.joined())\r\n\(body)"
      }.joined())
  }

  /// Sends text that one read brings.
  func send(_ text: String) {
    channel.pipeline.fireChannelRead(ByteBuffer(string: text))
    channel.pipeline.fireChannelReadComplete()
  }

  /// What has left since the last call.
  func sent() throws -> String {
    var text = ""
    while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
    return text
  }

  /// Requests that the metrics have, whatever came of them.
  var counted: Int {
    let text = String(decoding: state.metrics.registry.exposition(.text), as: UTF8.self)
    return text.split(separator: "\n").filter { $0.hasPrefix("weir_requests_total{") }
      .reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
  }

  /// Ends the connection and its loop, and says what the access log has.
  func accessLines() throws -> [String] {
    _ = try channel.finish(acceptAlreadyClosed: true)
    loop.shutDown()
    sink.close()
    log.closeWriter()
    let text = String(decoding: Pipe.readAll(log.reader), as: UTF8.self)
    return text.split(separator: "\n").filter { $0.contains(#""message":"access""#) }.map(String.init)
  }
}

/// Sees a connection's flushes.
private final class FlushWatch: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  var body: (ChannelHandlerContext) -> Void = { _ in }

  func flush(context: ChannelHandlerContext) {
    body(context)
    context.flush()
  }
}
