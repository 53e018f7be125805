import CWeirSystem
import Glibc
import NIOCore
import NIOPosix

/// What the socket below a channel knows and does; nothing, where there is none. On the channel's event loop.
extension ChannelHandlerContext {
  /// What was written that the kernel has not taken.
  var waitingBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

  /// What the kernel has taken that the peer has not acknowledged.
  var unacknowledgedBytes: Int { Int(max(withSocket(weir_unacknowledged) ?? 0, 0)) }

  /// Whether the kernel has bytes of the peer that nobody has read.
  var hasUnreadBytes: Bool {
    let count = withSocket { socket in
      var byte: UInt8 = 0
      return unsafe recv(socket, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
    }
    return (count ?? 0) > 0
  }

  /// Closes so that the peer is told of an error, and not of an end.
  func reset() {
    guard let socket = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { [channel] _ in channel.close(promise: nil) }
  }

  private func withSocket<Result>(_ body: (NIOBSDSocket.Handle) -> Result) -> Result? {
    try? pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, body)
  }
}
