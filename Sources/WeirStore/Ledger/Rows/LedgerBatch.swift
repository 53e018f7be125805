import CWeirSQLite

/// Rows that wait to be written, packed one after the other in one buffer. As values they would be a dozen texts each,
/// counted on one thread, freed on another, and copied once more by SQLite.
///
/// Rows are numbered from 0 by their place. Prompts, replies and the attempts that a row does not tell are rare, and stay
/// values beside it.
struct LedgerBatch: Sendable {
  /// Tells rows of the same id and millisecond apart, and a row written twice from two rows.
  private(set) var sequences: [Int64] = []
  /// Where each row ends in `bytes`.
  private var ends: [Int] = []
  /// Filled with zeros behind the last row.
  private var bytes: [UInt8] = []
  private(set) var attempts: [Companion<[LedgerAttempt]>] = []
  private(set) var bodies: [Companion<LedgerBodies>] = []

  /// What belongs to a row and is in a table of its own.
  struct Companion<Value: Sendable>: Sendable {
    let row: Int
    let timeMilliseconds: Int64
    let id: String
    let sequence: Int64
    var value: Value
    /// What it counted for when it came: preparing bodies may change their size.
    var heldBytes = 0
  }

  /// A buffer up to this size serves another batch.
  private static let reusableBytes = 1 << 20
  private static let initialBytes = 32_768

  /// The number of rows.
  var count: Int { ends.count }

  /// Adds a row at the end.
  ///
  /// - Parameter packed: the row, packed with the same attempts.
  mutating func append(
    _ row: borrowing LedgerRow, packed: PackedRow, attempts: [LedgerAttempt] = [], sequence: Int64,
    bodies: LedgerBodies? = nil
  ) {
    let start = ends.last ?? 0
    let packedBytes = unsafe packed.bytes
    if bytes.count - start < packedBytes.count {
      bytes.append(contentsOf: repeatElement(0, count: max(bytes.count, Self.initialBytes)))
    }
    unsafe bytes.withUnsafeMutableBytes { room in
      unsafe UnsafeMutableRawBufferPointer(rebasing: room[start...]).copyMemory(from: packedBytes)
    }
    if unsafe !packed.tellsAttempts { self.attempts.append(companion(of: row, attempts, sequence)) }
    if let bodies {
      var companion = companion(of: row, bodies, sequence)
      companion.heldBytes = bodies.count
      self.bodies.append(companion)
    }
    ends.append(start + packedBytes.count)
    sequences.append(sequence)
  }

  /// Gives back the room behind the last row.
  mutating func fit() { bytes = Array(bytes.prefix(ends.last ?? 0)) }

  private func companion<Value>(of row: borrowing LedgerRow, _ value: Value, _ sequence: Int64) -> Companion<Value> {
    Companion(
      row: count, timeMilliseconds: row.timeMilliseconds, id: row.id.cut(toBytes: LedgerRow.maximumTextBytes),
      sequence: sequence, value: value)
  }

  /// Does to prompts and replies what their owner wants done.
  mutating func prepare(_ preparation: Ledger.Preparation) {
    for index in bodies.indices { bodies[index].value = preparation(bodies[index].value) }
  }

  /// Bytes of prompts and replies that came with the rows.
  func heldBytes(of rows: Range<Int>) -> Int {
    bodies.reduce(0) { rows.contains($1.row) ? $0 + $1.heldBytes : $0 }
  }

  /// Calls with the rows as SQLite is to read them; what is passed must not outlive the call.
  func withPacked(_ rows: Range<Int>, _ body: (UnsafePointer<weir_ledger_rows>) throws -> Void) throws {
    try unsafe bytes.withUnsafeBytes { bytes in
      try unsafe ends.withUnsafeBufferPointer { ends in
        try unsafe sequences.withUnsafeBufferPointer { sequences in
          var packed = unsafe weir_ledger_rows(
            bytes: bytes.bindMemory(to: UInt8.self).baseAddress, ends: ends.baseAddress,
            sequences: sequences.baseAddress, first: rows.lowerBound, last: min(rows.upperBound, ends.count))
          try unsafe body(&packed)
        }
      }
    }
  }

  /// Empty again, with its buffer unless that is large.
  mutating func clear() {
    guard bytes.count <= Self.reusableBytes else {
      self = LedgerBatch()
      return
    }
    sequences.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    attempts.removeAll()
    bodies.removeAll()
  }
}
