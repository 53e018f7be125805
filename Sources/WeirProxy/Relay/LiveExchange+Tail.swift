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
    guard hasSentAll else { return false }
    return reply.bytesToCome == 0 || (follower?.hasAll ?? streamSaidEnd)
  }

  /// Whether the client was given all that came.
  private var hasSentAll: Bool { reply.hasBegun && requestIsWhole && !reply.isHeld && reply.batchBytes == 0 }

  /// Whether the stream has said that it is over, in a content coding or not.
  var streamSaidEnd: Bool { reply.isEventStream && !reply.isUnreadable && reply.meter?.sawEnd == true }

  /// Whether more is to come behind the end mark that others need: the end of a content coding, without which what is
  /// kept could not be decoded, or bytes that the head has announced to those who follow.
  private var awaitsTheRest: Bool {
    guard streamSaidEnd, transfer != nil else { return false }
    return reply.isCoded || leader != nil && (reply.bytesToCome ?? 0) > 0
  }

  /// The client has all of a stream: that one is over, for all who follow it too.
  func endWithClient() {
    if awaitsTheRest { endWithTheRest() } else { endAtOnce() }
  }

  /// The request is over when its transfer is, or those that follow have left. If that does not come to its end, the
  /// client left before.
  private func endWithTheRest() {
    if detached == nil {
      reply.isWithClient = true
      if detach(.reply) { return }
      leave(.reply)
    }
    // A second call says that the time is over.
    guard !isOver, loop.readOn.updateValue(self, forKey: ObjectIdentifier(self)) == nil else { return giveUp() }
    backOff = loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { self.abandoned() }
  }

  /// The request is over, and its reply whole; only the transfer goes on for a moment.
  private func endAtOnce() {
    connection.leave(self)
    replyEnded()
    guard transfer != nil else { return }
    loop.readOn[ObjectIdentifier(self)] = self
    // This may be all that the transfer's end waited for.
    reply.waitsForFollowers = false
    unpace()
    guard transfer != nil else { return }
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
