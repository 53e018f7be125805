import CWeirSQLite

extension LedgerBatch {
  // `OR IGNORE` as for requests.

  static let insertAttempt = """
    INSERT OR IGNORE INTO attempt_rows (time_ms, id, sequence, n, upstream, model, status, failure, duration_us)
    VALUES (?,?,?,?,?,?,?,?,?)
    """

  static let insertBodies = """
    INSERT OR IGNORE INTO bodies (time_ms, id, sequence, prompt, prompt_truncated, reply, reply_truncated)
    VALUES (?,?,?,?,?,?,?)
    """

  /// Runs `LedgerRow.insertRequests` for all of the rows.
  func writeRequests(_ rows: Range<Int>, _ statement: inout SQLiteStatement) throws {
    try unsafe withPacked(rows) { packed in
      try unsafe statement.bind(packed)
      try statement.run()
    }
  }

  /// Adds the rows' names, unless indexes find them.
  func writeNames(_ rows: Range<Int>, _ names: inout LedgerNames?, _ database: SQLiteDatabase) throws {
    try unsafe withPacked(rows) { try unsafe names?.add($0, database) }
  }

  /// Binds and runs `insertAttempt` for each attempt that its row does not tell, numbered from 1.
  func writeAttempts(_ rows: Range<Int>, _ statement: inout SQLiteStatement) throws {
    for each in attempts where rows.contains(each.row) {
      for (index, attempt) in each.value.enumerated() {
        try bindKey(each, &statement)
        try statement.bind(index + 1)
        try statement.bind(attempt.upstream)
        try statement.bind(attempt.model)
        try statement.bind(attempt.status)
        try statement.bind(attempt.failure)
        try statement.bind(attempt.durationMicroseconds)
        try statement.run()
      }
    }
  }

  /// Binds and runs `insertBodies` for each row that has a prompt and a reply.
  func writeBodies(_ rows: Range<Int>, _ statement: inout SQLiteStatement) throws {
    for each in bodies where rows.contains(each.row) {
      try bindKey(each, &statement)
      for body in [each.value.prompt, each.value.reply] {
        try statement.bind(String(decoding: body.bytes, as: UTF8.self), atMost: .max)
        try statement.bind(body.isTruncated ? 1 : 0)
      }
      try statement.run()
    }
  }

  private func bindKey<Value>(_ companion: Companion<Value>, _ statement: inout SQLiteStatement) throws {
    try statement.bind(companion.timeMilliseconds)
    try statement.bind(companion.id)
    try statement.bind(companion.sequence)
  }
}
