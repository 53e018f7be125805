import CWeirSimdjson

/// Reads JSON documents, validating each whole, for lookups within a closure. Keeps scratch memory between documents,
/// so the meters of one event loop share one. Not Sendable: belongs to one event loop.
public final class JSONReader {
  private let index = JSONIndex()

  /// A reader with no scratch memory yet.
  public init() {}

  /// Calls `body` with the document's root; false when the bytes are not JSON, or there is no memory.
  ///
  /// - Parameter body: must not let the root, or a value reached from it, outlive the call.
  func read(_ bytes: UnsafeRawBufferPointer, _ body: (JSONValue) -> Void) -> Bool {
    guard let parser = unsafe index.parser else { return false }
    defer { unsafe weir_json_trim(parser, JSONIndex.keptBytes) }
    var fault = weir_json_range()
    let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
    guard unsafe weir_json_read(parser, start, bytes.count, &fault) == weir_json_valid else { return false }
    unsafe body(JSONValue(parser: parser, bytes: bytes, token: 0))
    return true
  }
}
