import CWeirSimdjson

/// Reads request bodies: validates the whole document (RFC 8259, UTF-8, at most 1024 deep) and finds the members weir
/// looks at, in one pass over the body and without a copy. Not Sendable: one for each event loop.
public final class EnvelopeParser {
  private let index = JSONIndex()

  /// A parser with no scratch memory yet.
  public init() {}

  /// Reads one body. White space around the object is fine; a byte order mark, or a top-level key that stands twice
  /// (compared after unescaping), is not.
  ///
  /// - Parameters:
  ///   - bytes: the body; nothing outside it is read, so it needs no padding.
  ///   - names: members that `Envelope.member(_:)` is to know; each costs a comparison a member of the body.
  public func parse(
    _ bytes: UnsafeRawBufferPointer, finding names: MemberNames = .none
  ) throws(EnvelopeError) -> Envelope {
    var found = unsafe weir_envelope()
    var fault = weir_json_range(start: .max, end: .max)
    guard let parser = unsafe index.parser else {
      throw unsafe EnvelopeError(weir_json_out_of_memory, range: fault, body: bytes)
    }
    defer { unsafe weir_json_trim(parser, JSONIndex.keptBytes) }
    let body = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
    let status = unsafe names.withNames { names in
      unsafe weir_envelope_read(parser, body, bytes.count, names, &found, &fault)
    }
    guard status == weir_json_valid else {
      throw unsafe EnvelopeError(status, range: fault, body: bytes)
    }
    return unsafe Envelope(found, names: names, body: bytes)
  }
}
