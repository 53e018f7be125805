/// What SQLite answers when it does not do what it was told (https://sqlite.org/rescode.html).
struct SQLiteError: Error {
  /// The extended code, where SQLite has one.
  let code: CInt
  /// In SQLite's words.
  let message: String

  init(_ code: CInt, _ message: String?) {
    self.code = code
    self.message = message ?? "no message"
  }

  /// The kind of error, without what the extended code adds.
  var primaryCode: CInt { code & 0xFF }
}
