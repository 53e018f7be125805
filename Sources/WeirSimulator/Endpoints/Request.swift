import Crypto
import NIOCore

/// One request as the endpoints see it: head, body and the moment.
struct Request: Sendable {
  var method: String
  var path: String
  /// After `?`, undecoded.
  var query: String
  var headers: [HeaderField]
  var body = ByteBuffer()
  var digest = SHA256()
  /// Milliseconds since 1970.
  var now: Int
  var faults = Faults()

  init(method: String, target: String, headers: [HeaderField], now: Int) {
    self.method = method
    self.headers = headers
    self.now = now
    // A client of a forward proxy writes the whole URL.
    var rest = target[...]
    if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
      rest = rest[scheme.upperBound...].drop { $0 != "/" }
    }
    path = String(rest.prefix { $0 != "?" })
    query = String(rest.drop { $0 != "?" }.dropFirst())
  }

  mutating func append(_ part: ByteBuffer) {
    body.writeImmutableBuffer(part)
    unsafe part.withUnsafeReadableBytes { unsafe digest.update(bufferPointer: $0) }
  }

  var sha256: String { hexadecimal(digest.finalize()) }

  /// The path below the API's base, nil outside of it.
  var endpoint: String? {
    for base in ["/api/v1", "/v1"] where path == base || path.hasPrefix(base + "/") {
      return String(path.dropFirst(base.count))
    }
    return nil
  }

  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }

  /// The first value of a query parameter, percent-decoded.
  func parameter(_ name: String) -> String? {
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.first.map(percentDecoded) == name { return percentDecoded(parts.count > 1 ? parts[1] : "") }
    }
    return nil
  }

  /// Largest body that is read as JSON: the tree takes many times its text.
  private static let mostJSONBytes = 64 * 1024 * 1024

  func json() throws(Failure) -> JSON {
    guard body.readableBytes <= Request.mostJSONBytes else {
      throw Failure(status: 413, message: "Payload too large")
    }
    let parsed: JSON
    do { parsed = try JSON(parsing: body.readableBytesUInt8Span) } catch {
      throw .badRequest("Invalid JSON at byte \(error.offset): \(error.reason)")
    }
    guard parsed.members != nil else { throw .badRequest("The body must be a JSON object") }
    return parsed
  }
}

extension Request {
  /// The model that the body names, nil where it names none.
  var model: String? { (try? json())?["model"]?.string }
}

/// Decodes `%41`; anything malformed stays as it is.
func percentDecoded(_ text: Substring) -> String {
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    if byte == UInt8(ascii: "%"), rest.count >= 2,
      let high = Character(Unicode.Scalar(rest[rest.startIndex])).hexDigitValue,
      let low = Character(Unicode.Scalar(rest[rest.startIndex + 1])).hexDigitValue
    {
      bytes.append(UInt8(high << 4 | low))
      rest = rest.dropFirst(2)
    } else {
      bytes.append(byte)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
