import Glibc
import Testing

/// A port whose queue of connections is full and never emptied: the kernel drops every further attempt to connect.
final class DeafListener {
  let port: Int
  private let listener: CInt
  private var waiting: [CInt] = []

  init() throws {
    listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    try #require(listener >= 0)
    // A sockaddr_in in bytes: which module its members belong to depends on what else is compiled beside this file.
    var address: [UInt8] = [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    let listener = listener
    let isBound = unsafe address.withUnsafeMutableBytes { bytes in
      guard let address = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress else { return false }
      var size = socklen_t(bytes.count)
      return unsafe bind(listener, address, size) == 0 && listen(listener, 0) == 0
        && getsockname(listener, address, &size) == 0
    }
    port = Int(address[2]) << 8 | Int(address[3])
    try #require(isBound)
    for _ in 0..<4 {
      let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
      try #require(client >= 0)
      waiting.append(client)
      _ = unsafe address.withUnsafeBytes { bytes in
        unsafe connect(client, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
      }
    }
  }

  deinit {
    for client in waiting { close(client) }
    close(listener)
  }
}
