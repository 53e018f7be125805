import NIOCore
import WeirPolicy
import WeirUpstream
import WeirWire

// The client's body with what the request's way changed in it.
extension LiveExchange {
  /// An edited body above this size, in bytes, is not joined where only the upstream reads it: it is sent part by
  /// part, as a joined one of this size would be.
  private static let joinedBytes = 64 * 1024

  /// The body as it goes to the target at hand.
  func editedBody() -> RequestBody {
    let original = intakeBody
    guard !exchange.splice.isEmpty else { return .whole(original) }
    guard original.readableBytes > Self.joinedBytes, !readsEditedBody else { return .whole(joined(original)) }
    var parts: [ByteBuffer] = []
    exchange.splice.forEachPiece(of: original.readableBytes) { piece in
      switch piece {
      case .original(let range):
        if let bytes = Self.slice(original, range) { parts.append(bytes) }
      case .new(let text): parts.append(ByteBuffer(string: text))
      }
    }
    return .parts(parts)
  }

  /// Whether weir itself reads what goes upstream: for the cache's key, or for the ledger.
  private var readsEditedBody: Bool {
    if case .use = exchange.cacheDecision { return true }
    return loop.state.ledger.maximumBodyBytes != nil
  }

  private func joined(_ original: ByteBuffer) -> ByteBuffer {
    let (count, splice) = (original.readableBytes, exchange.splice)
    var body = connection.allocator.buffer(capacity: splice.count(from: count))
    unsafe original.withUnsafeReadableBytes { bytes in
      splice.forEachPiece(of: count) { piece in
        switch piece {
        case .original(let range): unsafe body.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .new(let text): body.writeString(text)
        }
      }
    }
    return body
  }

  private static func slice(_ body: ByteBuffer, _ range: Range<Int>) -> ByteBuffer? {
    body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count)
  }
}
