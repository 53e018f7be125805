import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The pipeline's first handler, below TLS: closes the socket itself, so that no TLS close message and no
/// orderly end precede it.
final class TransportCloser: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// Closes at once, with an RST instead of a FIN when `isReset` (SO_LINGER of 0 seconds).
  fileprivate func close(context: ChannelHandlerContext, isReset: Bool) {
    if isReset, let socket = context.channel as? any SocketOptionProvider {
      _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
    context.close(promise: nil)
  }
}

extension ChannelPipeline.SynchronousOperations {
  /// Does nothing once the channel has closed.
  func closeTransport(isReset: Bool) {
    guard let context = try? context(handlerType: TransportCloser.self),
      let closer = context.handler as? TransportCloser
    else { return }
    closer.close(context: context, isReset: isReset)
  }
}
