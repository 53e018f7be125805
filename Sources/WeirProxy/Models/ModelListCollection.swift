import NIOCore
import WeirWire

/// The reply to a request for the model list while it is collected, so that weir's entries can be put in. Owned by its
/// exchange; gives back what it took of the process's bound when it goes. Lives on the exchange's event loop.
final class ModelListCollection {
  /// A larger reply is relayed as it is.
  static let limit = 16 << 20
  /// The bound is taken from in steps of this many bytes.
  private static let step = 256 * 1024

  /// Whether the reply is good for any caller.
  let isShared: Bool
  /// Whether it is the whole list, which gets weir's entries.
  let isWhole: Bool
  /// Nil until the upstream has answered with a head that weir acts on.
  private(set) var head: ReplyHead?
  /// The upstream is there and cannot answer: its body is of no use.
  private(set) var isFailure = false
  private let allowance: Allowance
  private var taken = 0

  init(isShared: Bool, isWhole: Bool = true, allowance: Allowance) {
    self.isShared = isShared
    self.isWhole = isWhole
    self.allowance = allowance
  }

  deinit { allowance.giveBack(taken) }

  /// False for a reply that goes to the client as it is: an answer other than 200 and a server's failure, one in a
  /// coding that weir cannot undo, a stream, and one that says it is too large.
  func takes(_ head: ReplyHead, status: Int) -> Bool {
    isFailure = isWhole && status >= 500
    let isReadable = status == 200 && !head.isEventStream && BodyCoding(head.contentEncoding) != nil
    guard isFailure || (isReadable && (head.contentLength ?? 0) <= Self.limit) else { return false }
    self.head = head
    return true
  }

  /// Whether so many bytes may be held.
  func holds(_ count: Int) -> Bool {
    guard count <= Self.limit else { return false }
    guard count > taken else { return true }
    let more = max(count - taken, Self.step)
    guard allowance.take(more) else { return false }
    taken += more
    return true
  }

  /// The reply without its content coding; nil when it cannot be undone or becomes too large.
  func decoded(_ body: ByteBuffer, allocator: ByteBufferAllocator) -> ByteBuffer? {
    guard case .compressed(let encoding) = BodyCoding(head?.contentEncoding) else { return body }
    guard let inflater = Inflater(encoding: encoding, limit: Self.limit) else { return nil }
    var decoded = allocator.buffer(capacity: min(body.readableBytes * 4, Self.limit))
    do throws(InflateError) {
      try unsafe body.withUnsafeReadableBytes { bytes in
        Result { () throws(InflateError) in
          try unsafe inflater.inflate(bytes) { unsafe _ = decoded.writeBytes($0) }
          try inflater.finish()
        }
      }.get()
    } catch {
      return nil
    }
    return decoded
  }
}
