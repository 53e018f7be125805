import CWeirSimdjson

/// Owns one simdjson parser and its scratch memory. Not Sendable: belongs to one event loop.
@safe final class JSONIndex {
  /// Scratch made for documents above this many bytes is given back after use.
  static let keptBytes = 1 << 20

  /// Nil only when there was no memory for it.
  let parser: OpaquePointer?

  init() {
    unsafe parser = weir_json_create()
  }

  deinit {
    unsafe weir_json_destroy(parser)
  }
}

/// What stands between the quotes of a JSON string that has been validated, with its escapes undone; a lone surrogate
/// becomes U+FFFD.
func unescapedText(_ bytes: UnsafeRawBufferPointer) -> String {
  let source = unsafe bytes.bindMemory(to: UInt8.self)
  guard let start = source.baseAddress, unsafe source.contains(UInt8(ascii: "\\")) else {
    return unsafe String(decoding: source, as: UTF8.self)
  }
  return unsafe String(unsafeUninitializedCapacity: source.count) { out in
    guard let target = out.baseAddress else { return 0 }
    return unsafe weir_json_unescape(start, source.count, target)
  }
}
