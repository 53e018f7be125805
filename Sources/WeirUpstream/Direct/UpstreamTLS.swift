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
      // BoringSSL's text, as in "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at …".
      stack.first.map { error in
        let parts = error.description.split(separator: ":")
        let last = parts.first { $0.contains("_") && $0.allSatisfy { !$0.isLowercase } } ?? parts.last ?? ""
        return last.prefix { $0 != " " || !last.contains(" at ") }.replacing("_", with: " ").lowercased()
      } ?? "no reason given"
    case NIOSSLError.uncleanShutdown, is ChannelError, is IOError: "the upstream closed it"
    default: "the handshake was not completed"
    }
  }
}
