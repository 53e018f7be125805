/// Where the store is, and what lets weir in.
public struct RedisURL: Sendable, Equatable {
  /// How the store is reached.
  public enum Place: Sendable, Equatable {
    /// A name or an IP address without brackets, and a port.
    case network(host: String, port: Int)
    /// The path of a socket.
    case socket(path: String)
  }

  /// Where it is.
  public let place: Place
  /// Whether TLS is spoken; never with a socket of the file system.
  public let isSecure: Bool
  /// Nil for the store's default user.
  public let user: String?
  /// Nil sends none.
  public let password: Secret?
  /// The number of the database.
  public let database: Int

  /// Names a store without checking it; settings go through `ValueParsers.redisURL`.
  public init(
    place: Place, isSecure: Bool = false, user: String? = nil, password: Secret? = nil, database: Int = 0
  ) {
    self.place = place
    self.isSecure = isSecure
    self.user = user
    self.password = password
    self.database = database
  }
}

/// 32 bytes that encrypt; printed as `***` like any secret.
public struct SecretKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The key itself, for the one place that uses it.
  public func reveal() -> [UInt8] { bytes }

  /// Always `***`.
  public var description: String { Secret.redacted }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
