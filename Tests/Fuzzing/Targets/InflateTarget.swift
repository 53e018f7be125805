import WeirWire

/// A compressed body: what comes out stays under the bound, and is the same however the bytes were cut.
enum InflateTarget {
  private static let limit = 1 << 18

  static func check(_ bytes: [UInt8]) throws(Finding) {
    var cuts = Cuts(of: bytes)
    let pieces = cuts.pieces(of: bytes)
    for encoding in Inflater.Encoding.allCases {
      let whole = try inflated([bytes[...]], encoding)
      let split = try inflated(pieces, encoding)
      try expect(whole.failure == split.failure, "\(encoding): another end when cut: \(whole.failure as Any)")
      if whole.failure == nil { try expect(whole.out == split.out, "\(encoding): another body when cut") }
    }
    guard let packed = Gzip.compress(bytes, level: bytes.count % 10) else { throw Finding("it cannot be compressed") }
    let back = try inflated([packed[...]], .gzip)
    try expect(back.failure == nil && back.out == bytes, "what was compressed does not come back")
    let twice = try inflated([packed[...], packed[...]], .gzip)
    try expect(twice.failure == nil && twice.out == bytes + bytes, "two members do not come back")
  }

  private static func inflated(
    _ pieces: [ArraySlice<UInt8>], _ encoding: Inflater.Encoding
  ) throws(Finding) -> (out: [UInt8], failure: InflateError?) {
    guard let inflater = Inflater(encoding: encoding, limit: limit) else { throw Finding("zlib has no memory") }
    var out: [UInt8] = []
    var failure: InflateError?
    for piece in pieces {
      unsafe piece.withUnsafeBytes { bytes in
        do throws(InflateError) {
          try unsafe inflater.inflate(bytes) { unsafe out += $0 }
        } catch {
          failure = error
        }
      }
    }
    do throws(InflateError) {
      try inflater.finish()
    } catch {
      try expect(failure == nil || failure == error, "an error did not last")
      failure = error
    }
    try expect(out.count <= limit, "more came out than may")
    return (out, failure)
  }
}
