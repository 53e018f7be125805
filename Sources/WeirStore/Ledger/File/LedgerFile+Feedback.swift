extension LedgerFile {
  /// Writes a vote to the latest request of its id; nil when there is none.
  func record(_ feedback: LedgerFeedback) throws(LedgerError) -> LedgerFeedbackReceipt? {
    do {
      return try connection.use { database in
        try database.inTransaction(.immediate) { try Self.record(feedback, database) }
      }
    } catch { throw LedgerError(error, path: path) }
  }

  private static func record(
    _ feedback: LedgerFeedback, _ database: SQLiteDatabase
  ) throws -> LedgerFeedbackReceipt? {
    guard let voted = try request(named: feedback.id.cut(toBytes: LedgerRow.maximumTextBytes), database) else {
      return nil
    }
    let previous = try rating(of: voted, database)
    var statement = try SQLiteStatement(
      database,
      """
      INSERT OR REPLACE INTO feedback (time_ms, id, sequence, voted_ms, rating, score, comment)
      VALUES (?,?,?,?,?,?,?)
      """)
    try voted.bindKey(&statement)
    try statement.bind(feedback.timeMilliseconds)
    try statement.bind(feedback.rating.rawValue)
    try statement.bind(feedback.score.flatMap { $0.isFinite ? $0 : nil })
    try statement.bind(feedback.comment, atMost: LedgerFeedback.maximumCommentBytes)
    try statement.run()
    return LedgerFeedbackReceipt(
      requestID: voted.id, model: voted.model, rollout: voted.rollout, variant: voted.variant, replaced: previous)
  }

  /// A request's key, and what a vote's receipt says of it.
  private struct Voted {
    let timeMilliseconds: Int64
    let id: String
    let sequence: Int64
    let model: String?
    let rollout: String?
    let variant: String?

    static let columns = "time_ms, id, sequence, model, rollout, variant"

    init(_ row: borrowing SQLiteStatement) {
      timeMilliseconds = row.integer(0)
      id = row.text(1) ?? ""
      sequence = row.integer(2)
      model = row.text(3)
      rollout = row.text(4)
      variant = row.text(5)
    }

    func bindKey(_ statement: inout SQLiteStatement) throws {
      try statement.bind(timeMilliseconds)
      try statement.bind(id, atMost: .max)
      try statement.bind(sequence)
    }
  }

  private static func rating(
    of voted: Voted, _ database: SQLiteDatabase
  ) throws -> LedgerFeedback.Rating? {
    var statement = try SQLiteStatement(
      database, "SELECT rating FROM feedback WHERE time_ms = ? AND id = ? AND sequence = ?")
    try voted.bindKey(&statement)
    guard try statement.step() else { return nil }
    return statement.text(0).flatMap(LedgerFeedback.Rating.init(rawValue:))
  }

  private static func request(named id: String, _ database: SQLiteDatabase) throws -> Voted? {
    try LedgerSchema.hasNames(database) ? hashedRequest(named: id, database) : indexedRequest(named: id, database)
  }

  /// From the row that was written last: measured, 0.1 s for ten million rows.
  private static func hashedRequest(named id: String, _ database: SQLiteDatabase) throws -> Voted? {
    let hash = LedgerNames.hash(id)
    let pages = try SQLiteStatement(database, "SELECT names FROM request_names ORDER BY rowid DESC")
    var rows = try SQLiteStatement(
      database,
      """
      SELECT \(Voted.columns) FROM requests
      WHERE time_ms = ?1 AND (id = ?2 OR generation_id = ?2) ORDER BY sequence DESC LIMIT 1
      """)
    while try pages.step() {
      var end = Int.max
      // Other names may have the same hash, and rows may be gone.
      while let found = pages.find(hash, in: 0, before: end) {
        try rows.bind(found.timeMilliseconds)
        try rows.bind(id, atMost: .max)
        if try rows.step() { return Voted(rows) }
        rows.reset()
        end = found.place
      }
    }
    return nil
  }

  /// A request's id goes before a reply's: the first is weir's or the client's own, the second an upstream's. Hour by hour
  /// from the latest, as the indexes are made: some microseconds an hour.
  private static func indexedRequest(named id: String, _ database: SQLiteDatabase) throws -> Voted? {
    guard let first = try database.integer("SELECT (SELECT min(time_ms) FROM requests) / 3600000"),
      let last = try database.integer("SELECT (SELECT max(time_ms) FROM requests) / 3600000")
    else { return nil }
    for column in ["id", "generation_id"] {
      var statement = try SQLiteStatement(
        database,
        """
        SELECT \(Voted.columns) FROM requests
        WHERE time_ms / 3600000 = ? AND \(column) = ? ORDER BY time_ms DESC, sequence DESC LIMIT 1
        """)
      var hour: Int64? = last
      while let current = hour, current >= first {
        try statement.bind(current)
        try statement.bind(id, atMost: .max)
        if try statement.step() { return Voted(statement) }
        statement.reset()
        let before = try database.integer(
          "SELECT max(time_ms) / 3600000 FROM requests WHERE time_ms < ?", current * 3_600_000)
        // Times before 1970 round towards the hour that was looked at.
        hour = before.flatMap { $0 < current ? $0 : nil }
      }
    }
    return nil
  }
}
