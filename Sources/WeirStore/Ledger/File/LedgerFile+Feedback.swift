import GRDB

extension LedgerFile {
  /// Writes a vote to the latest request of its id; nil when there is none.
  func record(_ feedback: LedgerFeedback) throws(LedgerError) -> LedgerFeedbackReceipt? {
    do {
      var receipt: LedgerFeedbackReceipt?
      try queue.writeWithoutTransaction { database in
        try database.inTransaction(.immediate) {
          receipt = try Self.record(feedback, database)
          return .commit
        }
      }
      return receipt
    } catch { throw LedgerError(error, path: path) }
  }

  private static func record(_ feedback: LedgerFeedback, _ database: Database) throws -> LedgerFeedbackReceipt? {
    guard let row = try request(named: feedback.id.cut(toBytes: LedgerRow.maximumTextBytes), database) else {
      return nil
    }
    let key: [any DatabaseValueConvertible] = [row["time_ms"] as Int64, row["id"] as String, row["sequence"] as Int64]
    let previous = try String.fetchOne(
      database, sql: "SELECT rating FROM feedback WHERE time_ms = ? AND id = ? AND sequence = ?",
      arguments: StatementArguments(key))
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO feedback (time_ms, id, sequence, voted_ms, rating, score, comment)
        VALUES (?,?,?,?,?,?,?)
        """,
      arguments: StatementArguments(key) + [
        feedback.timeMilliseconds, feedback.rating.rawValue, feedback.score.flatMap { $0.isFinite ? $0 : nil },
        feedback.comment?.cut(toBytes: LedgerFeedback.maximumCommentBytes),
      ])
    return LedgerFeedbackReceipt(
      requestID: row["id"], model: row["model"], rollout: row["rollout"], variant: row["variant"],
      replaced: previous.flatMap(LedgerFeedback.Rating.init(rawValue:)))
  }

  /// A request's id goes before a reply's: the first is weir's or the client's own, the second an upstream's. Hour by hour
  /// from the latest, as the indexes are made: some microseconds an hour.
  private static func request(named id: String, _ database: Database) throws -> Row? {
    let range = try Row.fetchOne(
      database,
      sql: """
        SELECT (SELECT min(time_ms) FROM requests) / 3600000 AS first,
          (SELECT max(time_ms) FROM requests) / 3600000 AS last
        """)
    guard let first = range?["first"] as Int64?, let last = range?["last"] as Int64? else { return nil }
    for column in ["id", "generation_id"] {
      let statement = try database.makeStatement(
        sql: """
          SELECT time_ms, id, sequence, model, rollout, variant FROM requests
          WHERE time_ms / 3600000 = ? AND \(column) = ? ORDER BY time_ms DESC, sequence DESC LIMIT 1
          """)
      var hour: Int64? = last
      while let current = hour, current >= first {
        if let row = try Row.fetchOne(statement, arguments: [current, id]) { return row }
        hour = try Int64.fetchOne(
          database, sql: "SELECT max(time_ms) / 3600000 FROM requests WHERE time_ms < ?",
          arguments: [current * 3_600_000])
      }
    }
    return nil
  }
}
