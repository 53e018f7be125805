import Glibc
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
      // Copied in runs of lines: hardly a reply has one that is left out.
      var run = 0
      while start < bytes.count, let end = unsafe lineEnd(bytes, from: start) {
        if unsafe isOfTheRequest(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) {
          unsafe kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[run..<start]))
          run = end
        }
        start = end
      }
      unsafe kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[run..<start]))
      return kept
    }
  }

  /// The place behind the line's end; nil where the line has none.
  private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, let end = unsafe memchr(base + start, 0x0A, bytes.count - start) else {
      return nil
    }
    return unsafe UnsafeRawPointer(end) - base + 1
  }

  private static func isOfTheRequest(_ line: UnsafeRawBufferPointer) -> Bool {
    // By their first letters, in either case: most lines begin with another.
    guard let first = unsafe line.first else { return false }
    switch first | 0x20 {
    case UInt8(ascii: "s"), UInt8(ascii: "a"), UInt8(ascii: "r"), UInt8(ascii: "x"): break
    default: return false
    }
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
