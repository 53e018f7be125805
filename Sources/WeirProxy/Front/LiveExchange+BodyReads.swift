import Glibc
import NIOCore

// How the client's body is read. What is left of a large one that is collected goes from the socket to its place: through
// the channel and the decoder it would be copied once more, in more steps.
extension LiveExchange {
  /// A rest below this size, in bytes, comes through the channel like everything else.
  private static let smallRest = 16 * 1024

  /// What the next read is for.
  var nextRead: ClientReads.Purpose {
    guard wantsParts else { return .head }
    switch bodyUse {
    case .none, .discard: return .head
    case .stream: return .part
    case .collect, .gather:
      guard let contentLength = fields.contentLength, !fields.isChunked else { return .part }
      let left = contentLength - sizes.received
      return left > Self.smallRest ? .news : .head
    }
  }

  /// Reads on from the client's socket, as far as it has anything.
  ///
  /// - Returns: what it had, for the decoder, which counts the body's bytes; nil where that is nothing.
  func readBody(from socket: NIOBSDSocket.Handle) -> ByteBuffer? {
    guard let contentLength = fields.contentLength else { return nil }
    return unsafe intake.read(contentLength - sizes.received) { room in
      unsafe recv(socket, room.baseAddress, room.count, CInt(MSG_DONTWAIT))
    }
  }
}
