import WeirStore
import WeirWire

/// Makes of a copied prompt and reply what the ledger keeps: text, without what the operator's expressions match, up to
/// the bound. Any thread may use it.
struct BodyPreparation: Sendable {
  /// So many bytes more than are kept are copied, so that what begins before the bound and ends behind it is still
  /// matched as a whole.
  static let margin = 4096

  private let limit: Int
  /// Nil without expressions.
  private let redactor: TextRedactor?

  /// Nil where an expression cannot be used, which the configuration has ruled out.
  init?(limit: Int, redactions: [String]) {
    self.limit = limit
    if redactions.isEmpty {
      redactor = nil
    } else {
      guard let made = try? TextRedactor(redactions) else { return nil }
      redactor = made
    }
  }

  func prepare(_ bodies: LedgerBodies) -> LedgerBodies {
    LedgerBodies(prompt: prepare(bodies.prompt), reply: prepare(bodies.reply))
  }

  private func prepare(_ body: LedgerBodies.Body) -> LedgerBodies.Body {
    var body = body
    inflate(&body)
    guard let redactor else { return cut(body.bytes, body.isTruncated) }
    let text = redactor.redact(String(decoding: body.bytes, as: UTF8.self))
    // The copy's end may hold the beginning of what no expression could match whole.
    return cut(Array(body.isTruncated ? text.utf8.dropLast(Self.margin) : text.utf8[...]), body.isTruncated)
  }

  private func cut(_ bytes: [UInt8], _ isTruncated: Bool) -> LedgerBodies.Body {
    guard bytes.count > limit else { return LedgerBodies.Body(bytes: bytes, isTruncated: isTruncated) }
    return LedgerBodies.Body(bytes: Array(bytes[..<limit]), isTruncated: true)
  }

  /// A reply may have come compressed. Neither JSON nor an event stream begins like gzip (RFC 1952) or zlib (RFC 1950);
  /// whatever else is no text is not kept.
  private func inflate(_ body: inout LedgerBodies.Body) {
    guard body.bytes.count > 1 else { return }
    let encoding: Inflater.Encoding
    switch (body.bytes[0], body.bytes[1]) {
    case (0x1F, 0x8B): encoding = .gzip
    case (0x78, 0x01), (0x78, 0x5E), (0x78, 0x9C), (0x78, 0xDA): encoding = .deflate
    default:
      guard !body.bytes.contains(0) else {
        body = LedgerBodies.Body(bytes: [], isTruncated: true)
        return
      }
      return
    }
    var plain: [UInt8] = []
    let inflater = Inflater(encoding: encoding, limit: limit + Self.margin)
    let whole = unsafe body.bytes.withUnsafeBytes { bytes in
      Result { () throws(InflateError) in
        guard let inflater else { return }
        try unsafe inflater.inflate(bytes) { unsafe plain += $0 }
        try inflater.finish()
      }
    }
    if case .failure = whole { body.isTruncated = true }
    body.bytes = plain
  }
}
