import NIOHTTP1
import WeirPolicy

/// What a client is told whose bytes are not a request.
enum UnreadableRequest {
  static func refusal(_ error: HTTPParserError, maxHeaderBytes: Int) -> Refusal {
    switch error {
    case .headerOverflow:
      Refusal(
        .headersTooLarge, "the request's head is larger than \(maxHeaderBytes) bytes or has too many fields",
        remedy: "Send fewer or shorter headers, or raise WEIR_MAX_HEADER_BYTES.")
    case .invalidVersion:
      invalid("the HTTP version is not one that weir speaks", "Use HTTP/1.1.", status: 505)
    case .invalidMethod:
      invalid("the first line is not an HTTP/1.1 request", "Speak plain HTTP/1.1 to this port, without TLS or HTTP/2.")
    case .invalidURL:
      invalid("the request target cannot be read", "Percent-encode it (RFC 3986).")
    case .invalidContentLength, .unexpectedContentLength:
      invalid(
        "Content-Length is not a number, comes twice, or stands beside Transfer-Encoding",
        "Send exactly one of the two, once.")
    case .invalidChunkSize:
      invalid("a chunk of the body has an invalid size", "Send chunks as RFC 9112, section 7.1, has them.")
    case .invalidHeaderToken, .invalidCharactersUsed:
      invalid("a header holds a character that is not allowed", "Send headers as RFC 9110, section 5, has them.")
    default:
      invalid("the request is not valid HTTP/1.1", "Send requests as RFC 9112 has them.")
    }
  }

  private static func invalid(_ what: String, _ remedy: String, status: Int = 400) -> Refusal {
    Refusal(.invalidRequest, what, remedy: remedy, status: status)
  }
}
