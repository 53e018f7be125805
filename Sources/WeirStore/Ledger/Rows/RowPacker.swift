/// Room in which rows are packed before the ledger's lock is taken, one at a time. One thread uses it; whoever adds many
/// rows keeps one.
@safe public final class RowPacker {
  private let room: UnsafeMutableRawPointer

  /// Ten kilobytes of room.
  public init() {
    unsafe room = .allocate(byteCount: LedgerRow.maximumPackedBytes, alignment: MemoryLayout<Int64>.alignment)
  }

  deinit { unsafe room.deallocate() }

  /// Packs a row, in the place of the last one.
  func pack(_ row: borrowing LedgerRow, attempts: [LedgerAttempt]) -> PackedRow {
    let told = attempts.count == 1 && attempts[0].isTold(by: row) ? attempts[0].durationMicroseconds : nil
    var columns = unsafe ColumnPacker(room)
    unsafe row.pack(into: &columns, attemptMicroseconds: told)
    return unsafe PackedRow(
      bytes: UnsafeRawBufferPointer(start: room, count: columns.count),
      tellsAttempts: told != nil || attempts.isEmpty)
  }
}

/// A row as bytes, until its packer packs the next one.
@unsafe struct PackedRow {
  let bytes: UnsafeRawBufferPointer
  /// Whether it says all that is known of the request's attempts.
  let tellsAttempts: Bool
}
