import CWeirHiredis
import Glibc

/// An address that a socket connects to, as the system gave it.
struct StoreAddress: Sendable {
  let family: CInt
  let bytes: [UInt8]

  /// A Unix socket's; nil when the path is too long for one.
  init?(path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let text = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard text.count < room, !text.contains(0) else { return nil }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: text) }
    family = AF_UNIX
    bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
  }

  private init(family: CInt, bytes: [UInt8]) {
    self.family = family
    self.bytes = bytes
  }

  /// Blocks for as long as the resolver does.
  static func resolve(host: String, port: Int) throws(StoreTrouble) -> [StoreAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      throw StoreTrouble(unsafe "its name is not resolved: \(String(cString: gai_strerror(code)))")
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [StoreAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe entry.pointee.ai_addr {
        let length = unsafe Int(entry.pointee.ai_addrlen)
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: address, count: length))
        addresses.append(StoreAddress(family: unsafe entry.pointee.ai_family, bytes: bytes))
      }
      unsafe next = entry.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw StoreTrouble("its name has no address") }
    return addresses
  }
}

/// A socket that never blocks; closed when its owner lets it go. One thread.
final class StoreSocket {
  enum Outcome: Equatable {
    case bytes(Int)
    case wouldBlock
    case ended(String)
  }

  let descriptor: CInt

  /// Begins to connect.
  init(to address: StoreAddress) throws(StoreTrouble) {
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    descriptor = socket(address.family, kind, 0)
    guard descriptor >= 0 else { throw StoreTrouble("no socket: \(Self.words(errno))") }
    if address.family != AF_UNIX {
      var one: CInt = 1
      let size = socklen_t(MemoryLayout<CInt>.size)
      _ = unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, size)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, size)
    }
    let (socket, length) = (descriptor, socklen_t(address.bytes.count))
    let code = unsafe address.bytes.withUnsafeBytes { bytes -> CInt in
      guard let start = bytes.baseAddress else { return -1 }
      return unsafe connect(socket, start.assumingMemoryBound(to: sockaddr.self), length)
    }
    // A Unix socket whose queue is full says EAGAIN; it is not being connected then.
    guard code == 0 || errno == EINPROGRESS else {
      throw StoreTrouble("no connection: \(Self.words(errno))")
    }
  }

  deinit { close(descriptor) }

  /// Nil when it stands.
  func connectError() -> StoreTrouble? {
    var code: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    if unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0 { code = errno }
    return code == 0 ? nil : StoreTrouble("no connection: \(Self.words(code))")
  }

  func send(_ bytes: ArraySlice<UInt8>) -> Outcome {
    let count = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
    }
    return Self.outcome(count)
  }

  func receive(into room: UnsafeMutableRawBufferPointer) -> Outcome {
    let count = unsafe recv(descriptor, room.baseAddress, room.count, 0)
    return count == 0 ? .ended("the store closed the connection") : Self.outcome(count)
  }

  private static func outcome(_ count: Int) -> Outcome {
    if count >= 0 { return .bytes(count) }
    switch errno {
    case EAGAIN, EWOULDBLOCK, EINTR: return .wouldBlock
    default: return .ended("the connection broke: \(words(errno))")
    }
  }

  static func words(_ code: CInt) -> String { unsafe String(cString: strerror(code)) }
}
