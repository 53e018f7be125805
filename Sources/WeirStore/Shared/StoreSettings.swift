/// Where the store is and how it is spoken to.
public struct StoreSettings: Sendable {
  /// How the store is reached.
  public enum Place: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address, and a port.
    case network(host: String, port: Int)
    /// The path of a socket.
    case socket(path: String)

    /// For people; no password is in it.
    public var description: String {
      switch self {
      case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .socket(let path): path
      }
    }
  }

  /// Whose certificates TLS trusts.
  public struct Trust: Sendable, Equatable {
    /// PEM bundle of authorities; nil takes the system's.
    public let file: String?

    /// Names a file.
    public init(file: String?) { self.file = file }
  }

  /// Where it is.
  public let place: Place
  /// Nil speaks no TLS. Sockets of the file system speak none ever.
  public let trust: Trust?
  /// Nil for the store's default user.
  public let user: String?
  /// Nil sends no AUTH.
  public let password: String?
  /// The number of the database.
  public let database: Int
  /// What every key begins with.
  public let prefix: String
  /// How long a request waits for an answer where the call says nothing else.
  public let deadline: Duration

  /// Takes the values as they are.
  public init(
    place: Place, trust: Trust? = nil, user: String? = nil, password: String? = nil, database: Int = 0,
    prefix: String = "weir:",
    deadline: Duration = .milliseconds(20)
  ) {
    self.place = place
    self.trust = trust
    self.user = user
    self.password = password
    self.database = database
    self.prefix = prefix
    self.deadline = deadline
  }
}

/// Told what becomes of calls and of the connection. On the store's I/O thread, or, where nothing was sent, on the thread
/// that called.
public protocol StoreObserver: Sendable {
  /// A call is over; `failure` is nil where it was answered.
  func finished(_ operation: StoreOperation, after seconds: Double, failure: StoreFailure?)
  /// The store began or ceased to take calls. `reason` is for people, and has nothing of the URL or of keys.
  func changed(isUp: Bool, reason: String)
}
