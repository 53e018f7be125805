extension LedgerFile {
  /// Rows that one step deletes at most, so that no step keeps writers and readers waiting for long.
  static let rowsPerTrim = 2_000
  static let rowsPerTrimWithBodies = 20
  /// Pages that one step gives back to the file system.
  private static let pagesPerTrim = 2_000

  /// Deletes some of the rows that are too old or too many.
  ///
  /// - Returns: whether there is more to delete.
  func trim(_ options: LedgerOptions, nowMilliseconds: Int64) throws(LedgerError) -> Bool {
    do {
      return try connection.use { database in
        let isUnfinished = try database.inTransaction(.immediate) {
          guard let last = try Self.lastToGo(database, options, nowMilliseconds) else { return false }
          try Self.delete(upTo: last, database)
          return try Self.lastToGo(database, options, nowMilliseconds) != nil
        }
        try Self.shrink(database)
        return isUnfinished
      }
    } catch { throw LedgerError(error, path: path) }
  }

  /// When the newest row before a time was, in milliseconds since 1970; nil without any.
  func newestRow(before time: Int64) throws(LedgerError) -> Int64? {
    do {
      return try connection.use { try $0.integer("SELECT max(time_ms) FROM requests WHERE time_ms < \(time)") }
    } catch { throw LedgerError(error, path: path) }
  }

  /// The time up to which the next step deletes; nil when all may stay.
  private static func lastToGo(_ database: SQLiteDatabase, _ options: LedgerOptions, _ now: Int64) throws -> Int64? {
    if let oldest = options.maximumAgeDays.flatMap({ oldestToStay($0, now) }) {
      if let last = try last(database, before: oldest) { return last }
    }
    if let bytes = options.maximumBytes, try usedBytes(database) > bytes {
      return try last(database, before: .max, atMost: stepBySize(database))
    }
    return nil
  }

  /// With prompts and replies a row may take hundreds of kilobytes, and a full step would take far more than is over.
  private static func stepBySize(_ database: SQLiteDatabase) throws -> Int {
    try database.integer("SELECT 1 FROM bodies LIMIT 1") != nil ? rowsPerTrimWithBodies : rowsPerTrim
  }

  /// Nil where the age reaches back beyond all times.
  private static func oldestToStay(_ days: Int, _ now: Int64) -> Int64? {
    guard let age = milliseconds(days: days) else { return nil }
    let (oldest, isTooOld) = now.subtractingReportingOverflow(age)
    return isTooOld ? nil : oldest
  }

  /// Nil where there is no such number.
  static func milliseconds(days: Int) -> Int64? {
    let (span, isTooLong) = Int64(max(days, 0)).multipliedReportingOverflow(by: 86_400_000)
    return isTooLong ? nil : span
  }

  private static func last(
    _ database: SQLiteDatabase, before time: Int64, atMost rows: Int = rowsPerTrim
  ) throws -> Int64? {
    try database.integer(
      "SELECT max(time_ms) FROM (SELECT time_ms FROM requests WHERE time_ms < ? ORDER BY time_ms LIMIT ?)",
      time, Int64(rows))
  }

  private static func delete(upTo time: Int64, _ database: SQLiteDatabase) throws {
    for table in ["requests", "attempt_rows", "feedback", "bodies"] {
      try database.execute("DELETE FROM \(table) WHERE time_ms <= ?", time)
    }
    // The last row stays: with it gone, two processes could take the same number for their next one.
    try database.execute(
      "DELETE FROM request_names WHERE last_ms <= ? AND rowid < (SELECT max(rowid) FROM request_names)", time)
  }

  static func usedBytes(_ database: SQLiteDatabase) throws -> Int64 {
    let pages = try database.integer("PRAGMA page_count") ?? 0
    let free = try database.integer("PRAGMA freelist_count") ?? 0
    let size = try database.integer("PRAGMA page_size") ?? 0
    return (pages - free) * size
  }

  /// Without this the file would keep its size, with holes for later rows.
  private static func shrink(_ database: SQLiteDatabase) throws {
    guard try database.integer("PRAGMA freelist_count") ?? 0 > 0 else { return }
    // The pragma frees a page a step, so all its steps must be made.
    try database.execute("PRAGMA incremental_vacuum(\(pagesPerTrim))")
  }
}
