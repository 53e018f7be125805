import CWeirHiredis

/// Makes replies of a connection's bytes. Owner of hiredis' reader. One thread.
@safe final class StoreReader {
  /// The largest reply; beyond, the connection is not worth its memory.
  static let maximumBytes = 16 << 20
  /// The most values in one, over all its arrays. The largest arrays that weir asks for are pairs of rollouts; a value
  /// takes about a hundred bytes, of however few it is made.
  private static let maximumElements = 1 << 14

  private let reader: OpaquePointer?

  init() { unsafe reader = weir_reader_new(Self.maximumBytes, Self.maximumElements) }

  deinit { unsafe weir_reader_free(reader) }

  func feed(_ bytes: UnsafeRawBufferPointer) {
    guard let reader = unsafe reader else { return }
    unsafe weir_reader_feed(reader, bytes.baseAddress, bytes.count)
  }

  /// Nil when more bytes are needed. What it throws it throws again.
  func next() throws(StoreFailure) -> StoreReply? {
    guard let reader = unsafe reader else { throw .tooLarge }
    var value: OpaquePointer?
    switch unsafe weir_reader_next(reader, &value) {
    case CInt(WEIR_READER_WAITS): return nil
    case CInt(WEIR_READER_REPLY):
      guard let value = unsafe value else { return nil }
      defer { unsafe weir_value_free(value) }
      return unsafe StoreReply(value)
    case CInt(WEIR_READER_TOO_LARGE): throw .tooLarge
    default: throw .broken
    }
  }
}
