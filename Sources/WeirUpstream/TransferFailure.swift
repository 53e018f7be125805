import CWeirCurl

/// Why a transfer did not bring a whole reply.
public struct TransferFailure: Error, Sendable {
  /// What went wrong, as far as a caller decides on it.
  public enum Kind: Sendable, Hashable {
    /// Name not found, connection refused, TLS not trusted: no request reached the upstream.
    case unreachable
    /// The connection was closed or reset before the first byte of a reply.
    case closedBeforeReply
    /// The connection was not there in time.
    case connectTimeout
    /// No byte of the reply came in time.
    case firstByteTimeout
    /// The reply paused for too long.
    case idleTimeout
    /// The whole exchange took too long.
    case totalTimeout
    /// What came is not HTTP, or breaks its rules.
    case protocolError
    /// The reply ended before it was complete.
    case brokenReply
    /// The receiver gave the transfer up.
    case cancelled
    /// weir itself could not make the request (out of memory or file descriptors).
    case local
  }

  /// What went wrong.
  public let kind: Kind
  /// One plain sentence for logs and messages; holds no header, key or body.
  public let reason: String

  /// Whether the upstream did nothing for too long.
  var isTimeout: Bool {
    switch kind {
    case .firstByteTimeout, .idleTimeout, .totalTimeout: true
    default: false
    }
  }

  /// Describes a failure.
  public init(kind: Kind, reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// Reads libcurl's result. `headReceived` tells a reply that broke from one that never came.
  init(code: CURLcode, headReceived: Bool, anyByteReceived: Bool) {
    let text = unsafe String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_OUT_OF_MEMORY where anyByteReceived, CURLE_BAD_FUNCTION_ARGUMENT where anyByteReceived:
      // What libcurl 7.88 says of a line that is too long, and of one that is none.
      self.init(kind: headReceived ? .brokenReply : .protocolError, reason: "what came is not valid HTTP")
    case CURLE_COULDNT_RESOLVE_HOST:
      self.init(kind: .unreachable, reason: "the upstream's name was not found")
    case CURLE_COULDNT_RESOLVE_PROXY:
      self.init(kind: .unreachable, reason: "the proxy's name was not found")
    case CURLE_COULDNT_CONNECT:
      self.init(kind: .unreachable, reason: "the connection was refused or the network is down")
    case CURLE_PEER_FAILED_VERIFICATION:
      self.init(kind: .unreachable, reason: "the upstream's TLS certificate is not trusted")
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED, CURLE_PROXY, CURLE_SSL_ENGINE_NOTFOUND:
      self.init(kind: .unreachable, reason: "the TLS connection failed (\(text))")
    case CURLE_OPERATION_TIMEDOUT:
      self.init(kind: .connectTimeout, reason: "the connection was not there in time")
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT,
      CURLE_SEND_FAIL_REWIND:
      self.init(kind: .local, reason: "the request could not be made (\(text))")
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
      self.init(kind: headReceived ? .brokenReply : .protocolError, reason: "what came is not valid HTTP")
    default:
      if headReceived {
        self.init(kind: .brokenReply, reason: "the reply ended before it was complete (\(text))")
      } else if anyByteReceived {
        self.init(kind: .protocolError, reason: "what came is not valid HTTP (\(text))")
      } else {
        self.init(kind: .closedBeforeReply, reason: "the connection closed before the reply began (\(text))")
      }
    }
  }
}
