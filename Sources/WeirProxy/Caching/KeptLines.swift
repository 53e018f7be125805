import NIOCore

/// The header lines of a reply that also hold for other requests.
enum KeptLines {
  /// They are for the one request that was answered (RFC 6265; RFC 9111, section 5.1), in lower case.
  private static let ofTheRequest: [StaticString] = [
    "set-cookie:", "set-cookie2:", "age:", "retry-after:", "x-ratelimit-",
  ]

  /// Each line with its line end.
  static func of(_ lines: ByteBuffer) -> [UInt8] {
    unsafe lines.withUnsafeReadableBytes { bytes in
      var kept: [UInt8] = []
      kept.reserveCapacity(bytes.count)
      var start = 0
      while start < bytes.count, let end = unsafe bytes[start...].firstIndex(of: 0x0A) {
        let line = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...end])
        if unsafe !isOfTheRequest(line) { unsafe kept.append(contentsOf: line) }
        start = end + 1
      }
      return kept
    }
  }

  private static func isOfTheRequest(_ line: UnsafeRawBufferPointer) -> Bool {
    for name in ofTheRequest where unsafe begins(line, name) { return true }
    return false
  }

  private static func begins(_ line: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    let count = lowercase.utf8CodeUnitCount
    guard line.count >= count else { return false }
    for index in 0..<count {
      let expected = unsafe lowercase.utf8Start[index]
      let byte = unsafe line[index]
      guard byte == expected || (byte | 0x20 == expected && byte >= 0x41 && byte <= 0x5A) else { return false }
    }
    return true
  }
}
