import FoundationEssentials
import WeirConfiguration

extension Configuration.Listeners {
  /// Where the admin listener of a proxy with this configuration is. Where the system chose its port, the running proxy
  /// told it in its port file; without one this is still port 0, which the caller's complaint then names.
  var runningAdmin: ListenAddress {
    guard admin.port == 0, let portFile, let bytes = try? DiskFile.read(portFile),
      let ports = try? JSONDecoder().decode(Ports.self, from: Data(bytes))
    else { return admin.asPeer }
    return ListenAddress(host: admin.host, port: Int(ports.admin)).asPeer
  }
}

/// What a port file says.
private struct Ports: Decodable {
  let admin: UInt16
}
