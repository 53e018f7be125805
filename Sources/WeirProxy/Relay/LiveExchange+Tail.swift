import NIOCore
import WeirPolicy
import WeirUpstream
import WeirWire

// A client that leaves with all of its reply. OpenAI's and others close their connection at a stream's end mark, and many
// that ask only once at a sized body's last byte; the end of the transfer may come a moment behind that: a last chunk, or
// an HTTP/2 frame of its own.
extension LiveExchange {
  /// How long the transfer may take to end by itself, so that the connection to the upstream can be kept.
  private static let patience = TimeAmount.seconds(1)

  /// Whether the client needs no more of its reply, though the transfer is not over.
  var clientHasAll: Bool {
    guard reply.hasBegun, requestIsWhole, !reply.isHeld, reply.batchBytes == 0 else { return false }
    return reply.bytesToCome == 0 || (follower?.hasAll ?? streamSaidEnd)
  }

  /// Whether the stream has said that it is over. Behind the end mark of one in a content coding that coding's own end is
  /// to come, without which nobody can decode it.
  var streamSaidEnd: Bool {
    reply.isEventStream && !reply.isCoded && !reply.isUnreadable && reply.meter?.sawEnd == true
  }

  /// The request is over at once, for all who follow it too, and its reply whole; only the transfer goes on for a moment.
  func endWithClient() {
    connection.leave(self)
    replyEnded()
    guard transfer != nil else { return }
    loop.readOn[ObjectIdentifier(self)] = self
    // Held until then, since no connection holds it any more.
    backOff = loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
      self.transfer?.cancel()
      self.tailEnded(reusedConnection: nil)
    }
  }

  /// The transfer of a request that was over before it is over too.
  func tailEnded(reusedConnection: Bool?) {
    guard loop.readOn.removeValue(forKey: ObjectIdentifier(self)) != nil else { return }
    transfer = nil
    backOff?.cancel()
    backOff = nil
    recordTransfer(reusedConnection: reusedConnection, isWhole: true)
  }
}
    reply.waitsForFollowers = false
    unpace()
