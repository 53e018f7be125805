import NIOCore
import NIOSSL
import Synchronization

/// What TLS towards upstreams is made from: whom to trust, and which protocols to offer. One for all event loops of the
/// process and each file of authorities.
enum UpstreamTLS {
  private struct Made {
    let context: NIOSSLContext
    let at: NIODeadline
  }

  private static let made = Mutex<[String?: Made]>([:])

  /// A file of authorities that has been changed is read again after a day; libcurl's measure.
  private static let lifetime = TimeAmount.hours(24)

  /// - Parameter file: PEM bundle of trusted authorities; nil takes the system's.
  ///
  /// Throws where the authorities cannot be read.
  static func context(trusting file: String?) throws(TransferFailure) -> NIOSSLContext {
    do {
      return try known(file)
    } catch {
      throw TransferFailure(
        kind: .unreachable, reason: "the TLS connection failed (the certificate authorities cannot be read)")
    }
  }

  private static func known(_ file: String?) throws -> NIOSSLContext {
    try made.withLock { made in
      if let known = made[file], NIODeadline.now() - known.at < lifetime { return known.context }
      var settings = TLSConfiguration.makeClientConfiguration()
      settings.minimumTLSVersion = .tlsv12
      settings.applicationProtocols = ["h2", "http/1.1"]
      settings.trustRoots = file.map(NIOSSLTrustRoots.file) ?? .default
      // Nobody waits for the upstream's part of a connection's end.
      settings.shutdownTimeout = .seconds(1)
      let context = try NIOSSLContext(configuration: settings)
      made[file] = Made(context: context, at: .now())
      return context
    }
  }
}

extension TransferFailure {
  /// Reads what NIOSSL says of a connection that did not come about.
  init(securing error: any Error) {
    let text = String(describing: error)
    if error is NIOSSLExtraError || text.contains("CERTIFICATE_VERIFY_FAILED") {
      self.init(kind: .unreachable, reason: "the upstream's TLS certificate is not trusted")
    } else {
      self.init(kind: .unreachable, reason: "the TLS connection failed (\(Self.cause(error)))")
    }
  }

  private static func cause(_ error: any Error) -> String {
    switch error {
    case NIOSSLError.handshakeFailed(.sslError(let stack)):
      if stack.contains(.eofDuringHandshake) {
        "the upstream closed it"
      } else {
        stack.lazy.compactMap { reason(in: $0.description) }.first ?? "the handshake was not completed"
      }
    case NIOSSLError.uncleanShutdown, is ChannelError, is IOError: "the upstream closed it"
    default: "the handshake was not completed"
    }
  }

  /// BoringSSL's reason in words: `wrong version number` of `error:100000f7:SSL
  /// routines:OPENSSL_internal:WRONG_VERSION_NUMBER at tls_record.cc:127`; nil where there is none.
  static func reason(in text: String) -> String? {
    for part in text.split(separator: ":") {
      let word = part.prefix { $0 != " " }
      guard word.contains("_"), word.allSatisfy({ $0 == "_" || $0.isUppercase || $0.isNumber }) else { continue }
      return word.replacing("_", with: " ").lowercased()
    }
    return nil
  }
}
