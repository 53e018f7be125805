public import WeirWire

/// What one client may do, as the configuration says. Made with it and never changed; a request holds on to its client's
/// from its first step to its last.
public final class ClientProfile: Sendable {
  /// What metrics, limits and logs call the client.
  public let name: String
  /// Seconds since 1970 from which its keys are refused; nil never.
  public let expiresAt: Int64?
  /// Whether its keys are refused until the configuration says otherwise.
  public let isDisabled: Bool
  /// The models that it may ask for, beside what the proxy allows to all.
  public let access: ModelAccess
  /// The APIs that it may call; nil allows all.
  public let endpoints: Set<Endpoint>?
  /// Clients of one tenant share kept replies; nil keeps them to itself.
  public let tenant: String?
  /// Whether the client may send a key of its own for the upstream, beside that for weir.
  public let passesUpstreamKey: Bool
  /// Its bounds on tokens; nil has none of its own.
  public let tokenBounds: TokenBounds?
  /// Which tools it may use; nil has no rule of its own.
  public let tools: ToolPermissions?

  /// Describes a client; by default, it may do everything.
  public init(
    name: String, expiresAt: Int64? = nil, isDisabled: Bool = false, access: ModelAccess = ModelAccess(),
    endpoints: Set<Endpoint>? = nil, tenant: String? = nil, passesUpstreamKey: Bool = false,
    tokenBounds: TokenBounds? = nil, tools: ToolPermissions? = nil
  ) {
    self.name = name
    self.expiresAt = expiresAt
    self.isDisabled = isDisabled
    self.access = access
    self.endpoints = endpoints
    self.tenant = tenant
    self.passesUpstreamKey = passesUpstreamKey
    self.tokenBounds = tokenBounds
    self.tools = tools
  }

  /// Whether the client may ask for a model, whatever the proxy allows to all.
  func mayAsk(for asked: String, model: ResolvedModel) -> Bool { access.permits(asked, model: model) }
}
