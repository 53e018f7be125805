import NIOCore

/// A URL taken apart: whom to connect to and what to ask. Lives on one event loop.
final class DirectAddress {
  /// Where connections go.
  let origin: Origin
  /// The connections that wait there; set by who keeps them.
  let connections: OriginConnections
  /// The value of `Host`.
  let authority: String
  /// The request line's target: path and query.
  let target: String

  /// The name that TLS asks for; nil for an address, which goes without (RFC 6066, section 3).
  let serverName: String?

  /// A host's name or address, without brackets, and a port.
  struct Origin: Hashable {
    let isSecure: Bool
    let host: String
    let port: Int
  }

  /// - Parameter connections: those to the URL's origin.
  ///
  /// Nil for what is not `http://` or `https://` with a plain host, port, path and query, in visible ASCII.
  init?(_ text: String, connections: (Origin) -> OriginConnections) {
    let isSecure = text.hasPrefix("https://")
    let scheme = isSecure ? "https://" : "http://"
    guard text.hasPrefix(scheme), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      return nil
    }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard let origin = Self.origin(of: authority, isSecure: isSecure) else { return nil }
    let target = rest.dropFirst(authority.count)
    self.origin = origin
    self.connections = connections(origin)
    // As libcurl does it, and RFC 9110, section 4.2.3: the port that is meant anyway is left out.
    let usual = ":\(Self.usualPort(isSecure: isSecure))"
    self.authority = String(authority.hasSuffix(usual) ? authority.dropLast(usual.count) : authority)
    let isAddress = (try? SocketAddress(ipAddress: origin.host, port: origin.port)) != nil
    serverName = isAddress ? nil : String(origin.host.hasSuffix(".") ? origin.host.dropLast() : origin.host[...])
    self.target = target.hasPrefix("/") ? String(target) : "/" + target
  }

  private static func usualPort(isSecure: Bool) -> Int { isSecure ? 443 : 80 }

  private static func origin(of authority: Substring, isSecure: Bool) -> Origin? {
    var host = authority
    var port: Substring?
    if let end = authority.lastIndex(of: "]") {
      guard authority.hasPrefix("["), !authority.contains("%") else { return nil }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let rest = authority[authority.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      port = rest.isEmpty ? nil : rest.dropFirst()
      guard host.contains(":") else { return nil }
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    guard !host.isEmpty, !host.utf8.contains(where: { "@[]\\\"<>^`{|}".utf8.contains($0) }) else { return nil }
    guard let port else {
      return Origin(isSecure: isSecure, host: host.lowercased(), port: usualPort(isSecure: isSecure))
    }
    guard port.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let number = Int(port),
      (1...65_535).contains(number)
    else { return nil }
    return Origin(isSecure: isSecure, host: host.lowercased(), port: number)
  }
}
