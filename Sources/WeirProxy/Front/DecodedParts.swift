import NIOCore
import NIOHTTP1

/// NIO's decoder, and behind it a handler that brings its parts to the connection's, which stands before both. In the
/// pipeline of connections alone whose requests are not all plain (`PlainRequestReader`).
final class DecodedParts: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let handler: ConnectionHandler

  private static let maximumUndecoded = 256 * 1024

  private init(_ handler: ConnectionHandler) { self.handler = handler }

  /// Adds both behind `handler`, which fires what it reads from then on. The connection ends where that fails.
  static func add(behind handler: ConnectionHandler, maximumHeaderBytes: Int, context: ChannelHandlerContext) {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = maximumHeaderBytes
    limits.maxHeaderListSize = maximumHeaderBytes
    let decoder = HTTPRequestDecoder(
      leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    // The decoder takes every byte as it comes, unless it has stopped for good: then nothing may pile up.
    let decoding = ByteToMessageHandler(decoder, maximumBufferSize: maximumUndecoded)
    let pipeline = context.pipeline.syncOperations
    do {
      try pipeline.addHandler(decoding, position: .after(handler))
      try pipeline.addHandler(DecodedParts(handler), position: .after(decoding))
    } catch {
      context.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): handler.take(.head(ClientHead(head)))
    case .body(let bytes): handler.take(.body(bytes))
    case .end: handler.take(.end)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    handler.errorCaught(context: context, error: error)
  }
}
