import NIOCore
import WeirStore

/// Copies of one exchange's prompt and reply, for a ledger that keeps them. Made only where the operator said so; lives
/// on the exchange's event loop.
final class BodyCopy {
  private let limit: Int
  /// What went upstream with the attempt at hand.
  var prompt = LedgerBodies.Body(bytes: [], isTruncated: false)
  private var reply = LedgerBodies.Body(bytes: [], isTruncated: false)

  /// - Parameter limit: bytes of each that are kept in the end.
  init(limit: Int) { self.limit = limit + BodyPreparation.margin }

  /// The request's body as it goes upstream, without content coding, in place of the one that went to another model.
  func take(prompt body: ByteBuffer) {
    prompt = LedgerBodies.Body(bytes: [], isTruncated: false)
    copy(body, body.readableBytes, to: &prompt)
  }

  /// The next bytes of the reply as the client gets them, without transfer coding.
  func take(reply body: ByteBuffer, count: Int) { copy(body, count, to: &reply) }

  private func copy(_ body: ByteBuffer, _ count: Int, to copy: inout LedgerBodies.Body) {
    let room = limit - copy.bytes.count
    if count > room { copy.isTruncated = true }
    guard room > 0, let bytes = body.getBytes(at: body.readerIndex, length: min(count, room)) else { return }
    copy.bytes += bytes
  }

  /// What has been copied.
  var bodies: LedgerBodies { LedgerBodies(prompt: prompt, reply: reply) }
}
