/// What all transfers of an engine share.
public struct EngineSettings: Sendable {
  /// PEM bundle of trusted certificate authorities; nil takes the system's.
  public var certificateAuthorityFile: String?
  /// False reaches the upstream directly, whatever `HTTPS_PROXY` and its kin say: for addresses of this machine.
  public var honoursProxies: Bool
  /// Idle connections kept for reuse.
  public var keptConnections: Int
  /// Idle transfer objects kept for reuse.
  public var keptTransfers: Int

  /// Settings of one engine.
  public init(
    certificateAuthorityFile: String? = nil, honoursProxies: Bool = true, keptConnections: Int = 512,
    keptTransfers: Int = 256
  ) {
    self.certificateAuthorityFile = certificateAuthorityFile
    self.honoursProxies = honoursProxies
    self.keptConnections = keptConnections
    self.keptTransfers = keptTransfers
  }
}

/// libcurl or the kernel could not give what an engine needs to start.
public struct EngineError: Error, CustomStringConvertible {
  /// What was refused.
  public let description: String
}
