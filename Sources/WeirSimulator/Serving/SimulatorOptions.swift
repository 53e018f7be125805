/// How to run a simulator.
public struct SimulatorOptions: Sendable {
  /// Address to listen on.
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Process-wide faults, for example `status=429@20%;delay=100`.
  public var faults: String?
  /// HTTPS with a self-signed certificate for localhost, 127.0.0.1 and ::1; HTTP/1.1 is the only protocol
  /// offered.
  public var tls: Bool
  /// The only key accepted; nil accepts any that does not begin with `sk-invalid`.
  public var key: String?
  /// Event loops.
  public var threads: Int

  /// A simulator on a free port of 127.0.0.1 without faults.
  public init(
    host: String = "127.0.0.1", port: Int = 0, faults: String? = nil, tls: Bool = false, key: String? = nil,
    threads: Int = 2
  ) {
    self.host = host
    self.port = port
    self.faults = faults
    self.tls = tls
    self.key = key
    self.threads = threads
  }
}
