import CWeirZlib

/// Compressing a whole body at once (RFC 1952).
public enum Gzip {
  /// One gzip member holding the bytes, or nil when zlib has no memory.
  ///
  /// - Parameter level: 1 is fastest, 9 smallest; what lies outside is taken as the nearest.
  public static func compress(_ bytes: [UInt8], level: Int) -> [UInt8]? {
    var stream = unsafe z_stream()
    // 15 is the largest window; 16 more means gzip's wrapper.
    guard unsafe weir_deflate_init(&stream, Int32(min(max(level, 1), 9)), 31) == Z_OK else { return nil }
    defer { unsafe deflateEnd(&stream) }
    let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
    guard bytes.count <= UInt32.max, bound <= UInt32.max else { return nil }
    var isWhole = false
    let compressed = unsafe [UInt8](unsafeUninitializedCapacity: bound) { out, count in
      unsafe bytes.withUnsafeBufferPointer { input in
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = out.baseAddress
        unsafe stream.avail_out = UInt32(bound)
        isWhole = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
        count = unsafe bound - Int(stream.avail_out)
      }
    }
    return isWhole ? compressed : nil
  }
}
