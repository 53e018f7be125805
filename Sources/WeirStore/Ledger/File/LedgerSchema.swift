/// What the file holds, in steps that are never changed once published: a file of an earlier weir is brought up to date by
/// the steps it lacks. `PRAGMA user_version` is the number of steps taken, `PRAGMA application_id` tells the file's owner.
struct LedgerSchema: Sendable {
  /// SQL of each step.
  let steps: [String]

  /// `weir` in ASCII (https://sqlite.org/fileformat2.html, application id).
  static let applicationID: Int64 = 0x7765_6972

  static let current = LedgerSchema(steps: [first, catalogCost, trace, bodies, toldAttempts, names])

  /// The number that `user_version` has in an up-to-date file.
  var version: Int { steps.count }

  /// What a file is before its first use.
  enum State: Equatable {
    case empty
    case ledger(version: Int)
    case foreign
  }

  /// Read in one statement, so that another process that makes the same file is seen before or after it, never half-way.
  static func state(_ database: SQLiteDatabase) throws -> State {
    let row = try SQLiteStatement(database, stateQuery)
    guard try row.step() else { return .foreign }
    let (owner, version, tables) = (row.integer(0), row.integer(1), row.integer(2))
    if owner == applicationID { return .ledger(version: Int(version)) }
    return owner == 0 && tables == 0 ? .empty : .foreign
  }

  /// The table of steps comes before the first step, in a transaction of its own.
  private static let stateQuery = """
    SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
      (SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations')
    """

  /// Takes the steps that the file lacks, each in a transaction. Which it has taken is told by a table of the name that
  /// GRDB's migrator gave it: the first weirs, which may have the file open too, look there.
  func migrate(_ database: SQLiteDatabase) throws {
    try database.execute("CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    var isNew = false
    for (index, step) in steps.enumerated() {
      let name = "'ledger-\(index + 1)'"
      let isTaken = { try database.integer("SELECT 1 FROM grdb_migrations WHERE identifier = \(name)") != nil }
      guard try !isTaken() else { continue }
      try database.inTransaction(.immediate) {
        // Another process may take the same step meanwhile.
        guard try !isTaken() else { return }
        try database.execute(step)
        if index == 0 { isNew = true }
        if isNew, step == Self.names { try database.execute(Self.withoutIndexes) }
        try database.execute("PRAGMA application_id = \(Self.applicationID)")
        try database.execute("PRAGMA user_version = \(index + 1)")
        try database.execute("INSERT INTO grdb_migrations (identifier) VALUES (\(name))")
      }
    }
    // The indexes' pages.
    if isNew { try database.execute("PRAGMA incremental_vacuum") }
  }

  /// Beside the cost that counts: what the upstream said can be held against the catalog's prices.
  private static let catalogCost = "ALTER TABLE requests ADD COLUMN catalog_cost_usd REAL;"

  /// Leads from a row to the trace in another tool.
  private static let trace = "ALTER TABLE requests ADD COLUMN trace_id TEXT;"

  /// Apart from the rows, so that reports do not read over them.
  private static let bodies = """
    CREATE TABLE bodies (
      time_ms INTEGER NOT NULL,
      id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      prompt TEXT NOT NULL,
      prompt_truncated INTEGER NOT NULL,
      reply TEXT NOT NULL,
      reply_truncated INTEGER NOT NULL,
      PRIMARY KEY (time_ms, id, sequence)
    ) STRICT, WITHOUT ROWID;
    """

  /// Nearly every request is one attempt that succeeds, of which its own row tells everything but how long it took. That
  /// comes into the row, and attempts are read from both. A weir of before, which hands over to the one that upgrades the
  /// file, still writes to what was a table: the triggers take that in.
  private static let toldAttempts = """
    ALTER TABLE requests ADD COLUMN attempt_us INTEGER;
    ALTER TABLE attempts RENAME TO attempt_rows;
    CREATE VIEW attempts AS
      SELECT time_ms, id, sequence, n, upstream, model, status, failure, duration_us FROM attempt_rows
      UNION ALL
      SELECT time_ms, id, sequence, 1, upstream, model, status, NULL, attempt_us FROM requests
      WHERE attempt_us IS NOT NULL;
    CREATE TRIGGER attempts_insert INSTEAD OF INSERT ON attempts BEGIN
      INSERT OR IGNORE INTO attempt_rows (time_ms, id, sequence, n, upstream, model, status, failure, duration_us)
      VALUES (NEW.time_ms, NEW.id, NEW.sequence, NEW.n, NEW.upstream, NEW.model, NEW.status, NEW.failure,
        NEW.duration_us);
    END;
    CREATE TRIGGER attempts_delete INSTEAD OF DELETE ON attempts BEGIN
      DELETE FROM attempt_rows
      WHERE time_ms = OLD.time_ms AND id = OLD.id AND sequence = OLD.sequence AND n = OLD.n;
    END;
    """

  /// Votes name a request by its id or its reply's. The hashes of both lie in the order in which rows are written, some
  /// hundred rows to a page (`LedgerNames`): a row adds 16 bytes to the page that was written last, where each index
  /// takes 70 and a page of its own for random ids (measured: 3.6 us a row with indexes and ids in the order of their
  /// time, 7.4 with OpenRouter's, 2.1 without).
  private static let names = """
    CREATE TABLE request_names (
      last_ms INTEGER NOT NULL,
      names BLOB NOT NULL
    ) STRICT;
    CREATE INDEX request_names_by_time ON request_names (last_ms);
    """

  /// A file that an earlier weir began keeps its indexes: they alone know its rows, and that weir may write on for a
  /// while after a hand-over.
  private static let withoutIndexes = "DROP INDEX requests_by_id; DROP INDEX requests_by_generation;"

  /// Whether rows are found by `request_names`, and not by indexes.
  static func hasNames(_ database: SQLiteDatabase) throws -> Bool {
    try database.integer("SELECT 1 FROM sqlite_schema WHERE name = 'requests_by_id'") == nil
  }

  /// Rows lie in the order of their time, so that a report reads one stretch of the file and retention frees one. What
  /// reports count comes first in a row: reading it stops there. The indexes are those of files before `names`.
  private static let first = """
    CREATE TABLE requests (
      time_ms INTEGER NOT NULL,
      id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      status INTEGER,
      error_code TEXT,
      cache TEXT,
      duration_us INTEGER NOT NULL,
      first_token_us INTEGER,
      input_tokens INTEGER,
      output_tokens INTEGER,
      cached_tokens INTEGER,
      reasoning_tokens INTEGER,
      cost_usd REAL,
      baseline_usd REAL,
      saved_usd REAL,
      tool_calls_valid INTEGER NOT NULL,
      tool_calls_invalid_json INTEGER NOT NULL,
      tool_calls_schema_mismatch INTEGER NOT NULL,
      tool_calls_unknown_tool INTEGER NOT NULL,
      model TEXT,
      rollout TEXT,
      variant TEXT,
      client TEXT NOT NULL,
      user TEXT,
      upstream TEXT,
      provider TEXT,
      endpoint TEXT NOT NULL,
      asked_model TEXT,
      stream INTEGER NOT NULL,
      ending TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      fallback_from TEXT,
      usage_state TEXT NOT NULL,
      cost_source TEXT NOT NULL,
      own_us INTEGER,
      upstream_us INTEGER,
      finish_reason TEXT,
      generation_id TEXT,
      bytes_in INTEGER NOT NULL,
      bytes_out INTEGER NOT NULL,
      PRIMARY KEY (time_ms, id, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX requests_by_id ON requests (time_ms / 3600000, id);
    CREATE INDEX requests_by_generation ON requests (time_ms / 3600000, generation_id)
      WHERE generation_id IS NOT NULL;
    CREATE TABLE attempts (
      time_ms INTEGER NOT NULL,
      id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      n INTEGER NOT NULL,
      upstream TEXT NOT NULL,
      model TEXT,
      status INTEGER,
      failure TEXT,
      duration_us INTEGER NOT NULL,
      PRIMARY KEY (time_ms, id, sequence, n)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE feedback (
      time_ms INTEGER NOT NULL,
      id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      voted_ms INTEGER NOT NULL,
      rating TEXT NOT NULL,
      score REAL,
      comment TEXT,
      PRIMARY KEY (time_ms, id, sequence)
    ) STRICT, WITHOUT ROWID;
    """
}
