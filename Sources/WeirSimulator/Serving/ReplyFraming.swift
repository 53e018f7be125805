/// Puts a reply's head and body into HTTP/1.1 messages (RFC 9112), and breaks them as the faults say.
struct ReplyFraming: Sendable {
  enum Frame: Sendable, Equatable {
    case bytes([UInt8])
    case abort(isReset: Bool)
    case finish(keepsConnection: Bool)
  }

  private enum Kind {
    case length
    case chunks
    case untilClose
    /// HEAD, 204 and 304 have no body.
    case none
  }

  private let faults: Faults
  private let kind: Kind
  private let keepsConnection: Bool
  /// Informational heads, then the head of the reply.
  let opening: [[UInt8]]
  /// Body bytes until the cut.
  private var untilCut: Int?
  private var framedChunks = 0

  /// `length` is the body's size in bytes, nil while it is not known.
  init(_ reply: Reply, form: ReplyScript.Form, faults: Faults, length: Int?) {
    self.faults = faults
    let needsChunks = length == nil || faults.trailers || faults.badChunk
    let isBodiless = form.isHead || reply.status == 204 || reply.status == 304
    if isBodiless {
      kind = .none
    } else if needsChunks {
      kind = form.knowsChunks ? .chunks : .untilClose
    } else {
      kind = .length
    }
    keepsConnection = form.keepsConnection && !faults.close && kind != .untilClose
    untilCut = isBodiless ? nil : faults.cut

    var fields = [HeaderField("content-type", reply.contentType)] + reply.headers
    if form.wantsGzip { fields.append(HeaderField("content-encoding", "gzip")) }
    if needsChunks {
      if form.knowsChunks { fields.append(HeaderField("transfer-encoding", "chunked")) }
      if faults.trailers { fields.append(HeaderField("trailer", "x-sim-trailer")) }
    } else if reply.status != 204 {
      let promised = (length ?? 0) + (isBodiless ? 0 : faults.short ?? 0)
      fields.append(HeaderField("content-length", String(promised)))
    }
    fields.append(contentsOf: faults.headers)
    if !keepsConnection { fields.append(HeaderField("connection", "close")) }
    opening =
      ReplyFraming.informational(faults) + [
        ReplyFraming.head(reply.status, fields, isOpen: faults.endlessHeaders)
      ]
  }

  private static func informational(_ faults: Faults) -> [[UInt8]] {
    if faults.informational == 0 { return [] }
    let early = head(103, [HeaderField("link", "</simulated>; rel=preload")], isOpen: false)
    return [head(100, [], isOpen: false)] + Array(repeating: early, count: faults.informational)
  }

  private static func head(_ status: Int, _ fields: [HeaderField], isOpen: Bool) -> [UInt8] {
    var text = "HTTP/1.1 \(status) \(reasonPhrase(status))\r\n"
    for field in fields { text += "\(field.name): \(field.value)\r\n" }
    return Array((isOpen ? text : text + "\r\n").utf8)
  }

  /// A piece of the body, never empty.
  mutating func frame(_ bytes: [UInt8]) -> [Frame] {
    if kind == .none { return [] }
    var sent = bytes[...]
    var isCut = false
    if let left = untilCut {
      if left == 0 { return [.abort(isReset: faults.cutIsReset)] }
      isCut = bytes.count >= left
      sent = bytes.prefix(left)
      untilCut = left - sent.count
    }
    var frames = wrap(sent, of: bytes.count)
    if isCut { frames.append(.abort(isReset: faults.cutIsReset)) }
    return frames
  }

  private mutating func wrap(_ sent: ArraySlice<UInt8>, of size: Int) -> [Frame] {
    guard kind == .chunks else { return [.bytes(Array(sent))] }
    framedChunks += 1
    var chunk = Array("\(String(size, radix: 16))\r\n".utf8)
    chunk.append(contentsOf: sent)
    if sent.count == size { chunk.append(contentsOf: [0x0D, 0x0A]) }
    if faults.badChunk, framedChunks == 1 {
      return [.bytes(chunk), .bytes(Array("zz;not a size\r\n".utf8)), .abort(isReset: false)]
    }
    return [.bytes(chunk)]
  }

  /// What follows the last piece.
  func ending() -> [Frame] {
    if untilCut == 0 { return [.abort(isReset: faults.cutIsReset)] }
    if faults.short != nil, kind != .none { return [.abort(isReset: false)] }
    guard kind == .chunks else { return [.finish(keepsConnection: keepsConnection)] }
    let trailers = faults.trailers ? "x-sim-trailer: done\r\n" : ""
    return [.bytes(Array("0\r\n\(trailers)\r\n".utf8)), .finish(keepsConnection: keepsConnection)]
  }
}

/// The phrase of the statuses that the simulator makes itself.
func reasonPhrase(_ status: Int) -> String {
  switch status {
  case 100: "Continue"
  case 103: "Early Hints"
  case 200: "OK"
  case 400: "Bad Request"
  case 401: "Unauthorized"
  case 402: "Payment Required"
  case 403: "Forbidden"
  case 404: "Not Found"
  case 408: "Request Timeout"
  case 409: "Conflict"
  case 413: "Payload Too Large"
  case 422: "Unprocessable Entity"
  case 429: "Too Many Requests"
  case 500: "Internal Server Error"
  case 502: "Bad Gateway"
  case 503: "Service Unavailable"
  case 504: "Gateway Timeout"
  default: "Simulated"
  }
}
