/// What all transfers of an engine share.
public struct EngineSettings: Sendable {
  /// PEM bundle of trusted certificate authorities; nil takes the system's.
  public var certificateAuthorityFile: String?
  /// False reaches the upstream directly, whatever `HTTPS_PROXY` and its kin say: for addresses of this machine.
  public var honoursProxies: Bool
  /// Cleartext upstreams are asked over the event loop's own channels. To be false where a forward proxy may stand before
  /// them: libcurl knows how to talk to one.
  public var speaksDirectly: Bool
  /// The same for upstreams with TLS.
  public var securesDirectly: Bool
  /// Idle connections kept for reuse: by libcurl, and for each upstream that it does not ask.
  public var keptConnections: Int
  /// Idle transfer objects kept for reuse; libcurl's are not.
  public var keptTransfers: Int

  /// Settings of one engine.
  public init(
    certificateAuthorityFile: String? = nil, honoursProxies: Bool = true, speaksDirectly: Bool = true,
    securesDirectly: Bool = true, keptConnections: Int = 512, keptTransfers: Int = 256
  ) {
    self.certificateAuthorityFile = certificateAuthorityFile
    self.honoursProxies = honoursProxies
    self.speaksDirectly = speaksDirectly
    self.securesDirectly = securesDirectly
    self.keptConnections = keptConnections
    self.keptTransfers = keptTransfers
  }
}

/// libcurl or the kernel could not give what an engine needs to start.
public struct EngineError: Error, CustomStringConvertible {
  /// What was refused.
  public let description: String
}
