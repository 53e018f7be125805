import WeirConfiguration

/// The names of this machine in a `Host` header.
enum LoopbackName {
  /// `localhost`, 127.0.0.0/8 and `[::1]`, with or without a port.
  static func isIn(host: String) -> Bool {
    var name = host.lowercased()
    if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
      name = String(name[name.index(after: name.startIndex)..<end])
    } else if let colon = name.firstIndex(of: ":") {
      name = String(name[..<colon])
    }
    return ListenAddress(host: name, port: 0).isLoopback
  }
}
