import NIOCore

/// The header lines of a reply that also hold for other requests.
enum KeptLines {
  /// They are for the one request that was answered (RFC 6265; RFC 9111, section 5.1).
  private static let ofTheRequest: Set<String> = ["set-cookie", "set-cookie2", "age", "retry-after"]

  /// Each line with its line end.
  static func of(_ lines: ByteBuffer) -> [UInt8] {
    var kept: [UInt8] = []
    kept.reserveCapacity(lines.readableBytes)
    let text = lines.readableBytesView
    var rest = text[...]
    while let end = rest.firstIndex(of: 0x0D) {
      let line = rest[rest.startIndex..<end]
      let name = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
      if !ofTheRequest.contains(name), !name.hasPrefix("x-ratelimit-") {
        kept.append(contentsOf: line)
        kept += [0x0D, 0x0A]
      }
      rest = rest.dropFirst(min(end - rest.startIndex + 2, rest.count))
    }
    return kept
  }
}
