/// Where a listener binds: `HOST:PORT`, IPv6 hosts in brackets.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// A name or an IP address, without brackets.
  public let host: String
  /// 0 lets the system pick a free port.
  public let port: Int

  /// Names an address without checking it; settings go through `ValueParsers.listenAddress`.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Whether only this machine can reach the address.
  public var isLoopback: Bool {
    let name = host.lowercased()
    if name == "localhost" || IPv4.octets(of: name)?.first == 127 { return true }
    return IPv6.groups(of: name).map(IPv6.isLoopback) ?? false
  }

  /// The spelling that the settings take.
  public var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// The base URL of an upstream, without a trailing slash; a request's path is appended to `path`.
public struct UpstreamURL: Sendable, Equatable, CustomStringConvertible {
  /// How the upstream is spoken to.
  public enum Scheme: String, Sendable {
    /// Plain HTTP, for upstreams on the same machine or network.
    case http
    /// HTTP over TLS.
    case https
  }

  /// `http` or `https`.
  public let scheme: Scheme
  /// A name or an IP address, without brackets.
  public let host: String
  /// As written, else the scheme's own port.
  public let port: Int
  /// Begins with a slash and does not end with one, or is empty.
  public let path: String

  /// Names a URL without checking it; settings go through `ValueParsers.upstreamURL`.
  public init(scheme: Scheme, host: String, port: Int, path: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
  }

  /// The port that the scheme implies.
  public static func impliedPort(of scheme: Scheme) -> Int {
    scheme == .https ? 443 : 80
  }

  /// Host, and port unless the scheme implies it: what belongs into a `Host` header.
  public var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == UpstreamURL.impliedPort(of: scheme) ? name : "\(name):\(port)"
  }

  /// The whole URL without a trailing slash.
  public var description: String { "\(scheme.rawValue)://\(authority)\(path)" }

  /// Whether only this machine is addressed.
  public var isLoopback: Bool { ListenAddress(host: host, port: port).isLoopback }
}

/// A share of users in hundredths of a percent, so that 12.34 stays exact.
public struct Percent: Sendable, Equatable, Comparable, CustomStringConvertible {
  /// 0 to 10,000.
  public let hundredths: Int

  /// Clamps to 0 to 10,000 hundredths.
  public init(hundredths: Int) {
    self.hundredths = min(max(hundredths, 0), 10_000)
  }

  /// Orders by size.
  public static func < (left: Percent, right: Percent) -> Bool { left.hundredths < right.hundredths }

  /// The shortest exact decimal: `12.5`, `100`.
  public var description: String { Percent.text(hundredths: hundredths) }

  /// Any hundredths that are not negative as the shortest exact decimal.
  static func text(hundredths: Int) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100)
    if rest == 0 { return "\(whole)" }
    return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}

/// A number that keeps its spelling, because it is copied into a JSON body.
public struct SpelledNumber: Sendable, Equatable, CustomStringConvertible {
  /// A JSON number (RFC 8259, section 6) as the operator wrote it.
  public let spelling: String
  /// Its value, for comparisons only.
  public let value: Double

  /// Names a number without checking it; settings go through `ValueParsers.jsonNumber`.
  public init(spelling: String, value: Double) {
    self.spelling = spelling
    self.value = value
  }

  /// The spelling.
  public var description: String { spelling }
}

/// One application that may use this proxy.
public struct ClientKey: Sendable, Equatable {
  /// What metrics, limits and logs call the client: 1 to 64 of `A-Z a-z 0-9 . _ -`.
  public let name: String
  /// What the client sends as its bearer token or `x-api-key`.
  public let key: Secret

  /// Pairs a name with its key.
  public init(name: String, key: Secret) {
    self.name = name
    self.key = key
  }
}

/// The least severity that is logged; the names are swift-log's.
public enum LogLevel: String, Sendable, CaseIterable {
  /// swift-log's levels, in rising severity.
  case trace, debug, info, notice, warning, error, critical
}

/// How a log line is written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// One JSON object a line, or words for a terminal.
  case json, text
}
