import CWeirSimdjson

/// Writes JSON documents so that two come out equal exactly when nothing but the order of members, at any depth, and
/// white space tells them apart.
///
/// Numbers and strings stay as they are spelled. Members are put in the order of their names' UTF-8 bytes with escapes
/// undone; members whose names read the same keep their order, since an upstream may take the first or the last. A lone
/// surrogate in a name reads as U+FFFD. Keeps scratch memory between documents. Not Sendable: one for each event loop.
@safe public final class CanonicalJSON {
  /// Scratch made for documents above this many bytes is given back after use.
  private static let keptBytes = 1 << 20

  /// Nil only when there was no memory for it.
  private let writer: OpaquePointer?

  /// A writer with no scratch memory yet.
  public init() {
    unsafe writer = weir_canonical_create()
  }

  deinit {
    unsafe weir_canonical_destroy(writer)
  }

  /// Calls `body` with the canonical form, which is never longer than the document and must not outlive the call.
  ///
  /// Time is that of one validating pass, and n log n in the members of an object.
  ///
  /// - Parameter document: any bytes; nothing outside them is read.
  /// - Returns: nil, without a call, when the bytes are not JSON, nest deeper than 1024, or there is no memory.
  public func write<Result>(
    _ document: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result? {
    guard let writer = unsafe writer else { return nil }
    defer { unsafe weir_canonical_trim(writer, Self.keptBytes) }
    var text: UnsafePointer<UInt8>?
    var count = 0
    let start = unsafe document.bindMemory(to: UInt8.self).baseAddress
    guard unsafe weir_canonical_write(writer, start, document.count, &text, &count) == weir_json_valid else {
      return nil
    }
    return unsafe body(UnsafeRawBufferPointer(start: text, count: count))
  }
}
