import NIOCore
import NIOSSL

/// The bytes of one connection to the store, over TLS where it is spoken. Never blocks. One thread.
final class StoreTransport {
  /// What TLS is made of for one connection.
  struct Security {
    let context: NIOSSLContext
    let host: String
    let port: Int
  }

  /// Of a read over TLS: what is left of the room is for the start of a record that was read before.
  private static let roomForRecord = 20_000
  /// As much is encrypted at a time, so that no more than that waits for the socket.
  private static let portion = 65_536

  private let socket: StoreSocket
  private let security: Security?
  private var tls: StoreTLS?
  /// Whether TLS has ended the connection: the store is not trusted, or speaks something else.
  private(set) var hasFailed = false
  /// Whether the store has said anything in TLS.
  private var hasHeard = false
  /// Of TLS, what the socket has not taken yet.
  private var pending = ByteBuffer()

  /// - Parameter security: nil speaks no TLS.
  init(_ socket: StoreSocket, _ security: Security?) {
    self.socket = socket
    self.security = security
  }

  var descriptor: CInt { socket.descriptor }

  /// Whether something waits until the socket takes it.
  var hasPending: Bool { pending.readableBytes > 0 }

  /// Put behind what is said of a store that does not answer.
  var hint: String { tls == nil || hasHeard ? "" : " over TLS, which rediss:// means" }

  /// The socket has connected, or has not: nil when it has.
  func connected() -> StoreTrouble? {
    if let trouble = socket.connectError() { return trouble }
    guard let security else { return nil }
    do throws(StoreTrouble) {
      tls = try StoreTLS(security.context, host: security.host, port: security.port)
    } catch {
      return error
    }
    return nil
  }

  /// Sends what it can of the bytes, and says of how many it has taken care.
  func send(_ bytes: ArraySlice<UInt8>) -> StoreSocket.Outcome {
    guard let tls else { return socket.send(bytes) }
    let before = drain()
    guard case .bytes = before else { return before }
    let part = bytes.prefix(Self.portion)
    tls.encrypt(part)
    if case .ended(let reason) = drain() { return .ended(reason) }
    return .bytes(part.count)
  }

  /// Sends what TLS has to say of itself, and what the socket did not take before; `.bytes` when nothing is left.
  func drain() -> StoreSocket.Outcome {
    guard let tls else { return .bytes(0) }
    do throws(StoreTrouble) {
      var outgoing = try tls.takeOutgoing()
      pending.writeBuffer(&outgoing)
    } catch {
      return .ended(error.reason)
    }
    while pending.readableBytes > 0 {
      switch socket.send(ArraySlice(pending.readableBytesView.prefix(Self.portion))) {
      case .bytes(let count): pending.moveReaderIndex(forwardBy: count)
      case .wouldBlock: return .wouldBlock
      case .ended(let reason): return .ended(reason)
      }
    }
    pending.clear(minimumCapacity: 0)
    return .bytes(0)
  }

  /// - Returns: `.bytes` with nothing where TLS has read something for itself.
  func receive(into room: UnsafeMutableRawBufferPointer) -> StoreSocket.Outcome {
    guard let tls else { return unsafe socket.receive(into: room) }
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<max(room.count - Self.roomForRecord, 0)])
    let outcome = unsafe socket.receive(into: part)
    guard case .bytes(let count) = outcome else { return outcome }
    do throws(StoreTrouble) {
      let text = try unsafe tls.decrypt(UnsafeRawBufferPointer(rebasing: part[..<count]), into: room)
      hasHeard = hasHeard || text > 0
      return text == 0 && !tls.isOpen ? .ended("the store closed the connection") : .bytes(text)
    } catch {
      // What TLS would still say is not sent: behind its word on the certificate stand commands that wait, the password first.
      hasFailed = true
      return .ended(error.reason)
    }
  }
}
