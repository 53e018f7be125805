import NIOCore
import NIOTLS

/// Waits in a channel for the end of the TLS handshake, and tells it once. Lives on the channel's event loop.
final class Handshake: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  /// With the protocol that was agreed on, if any (ALPN).
  private var done: ((Result<String?, TransferFailure>) -> Void)?

  init(_ done: @escaping (Result<String?, TransferFailure>) -> Void) { self.done = done }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case TLSUserEvent.handshakeCompleted(let agreed)? = event as? TLSUserEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    tell(.success(agreed))
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    tell(.failure(TransferFailure(securing: error)))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    tell(.failure(TransferFailure(securing: ChannelError.eof)))
    context.fireChannelInactive()
  }

  private func tell(_ result: Result<String?, TransferFailure>) {
    let done = done.take()
    done?(result)
  }
}
