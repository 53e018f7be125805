import WeirConfiguration
public import WeirUpstream

extension EngineSettings {
  /// Settings that leave to libcurl what a forward proxy of the process's environment may stand before.
  ///
  /// - Parameter honoursProxies: false where no request goes through one.
  public static func underEnvironment(certificateAuthorityFile: String?, honoursProxies: Bool) -> EngineSettings {
    EngineSettings(
      certificateAuthorityFile: certificateAuthorityFile, honoursProxies: honoursProxies,
      speaksDirectly: !honoursProxies || !ProcessEnvironment.namesProxiesForCleartext(),
      securesDirectly: !honoursProxies || !ProcessEnvironment.namesProxiesForTLS())
  }
}
