public import WeirPolicy

extension Configuration {
  /// One upstream that requests may go to, and what weir sends it on its own account.
  public struct NamedUpstream: Sendable, Equatable {
    /// `default` for the one of `WEIR_UPSTREAM_URL`, else the key under `upstreams`.
    public let id: String
    /// What headers, metrics and logs call it: the host of the default one, the others' ids.
    public let name: String
    /// The base URL that request paths are appended to.
    public internal(set) var url: UpstreamURL
    /// Sent as `Authorization: Bearer`; nil sends no key of weir's.
    public internal(set) var apiKey: Secret?
    /// Whether the client's own `Authorization` goes there; only where `apiKey` is nil.
    public internal(set) var passesClientKey: Bool
    /// Set on every request, in place of the client's fields of the same names; names are valid and unique, letter
    /// case ignored.
    public internal(set) var headers: [Header]
    /// What it calls models, by the name that weir would send otherwise.
    public let modelNames: [String: String]
    /// As `Configuration.timeouts`, with what the upstream has of its own.
    public let timeouts: Timeouts
    /// Serves Kimi models after the default upstream, without being named by them.
    public let backsKimi: Bool
    /// Whether weir asks for the usage of streams where the client does not.
    public let needsUsageAsked: Bool

    /// What the policy knows of it.
    public var route: UpstreamRoute {
      UpstreamRoute(id: id, name: name, modelNames: modelNames, backsKimi: backsKimi, needsUsageAsked: needsUsageAsked)
    }
  }

  /// A header field that weir sets; the value is treated as a secret, since nobody can tell whether it is one.
  public struct Header: Sendable, Equatable {
    /// An HTTP token, as the operator spelled it.
    public let name: String
    /// Visible ASCII, blanks inside allowed.
    public let value: Secret
  }
}
