/// A long text that is handed on piece by piece while it is made.
struct ReportPieces {
  /// Bytes at which a piece is handed on: enough for a system call to be worth it.
  static let pieceBytes = 64 * 1024

  private let write: (String) -> Void
  private var piece = ""

  init(_ write: @escaping (String) -> Void) { self.write = write }

  mutating func add(_ text: String) {
    piece += text
    guard piece.utf8.count >= Self.pieceBytes else { return }
    write(piece)
    piece.removeAll(keepingCapacity: true)
  }

  /// Hands on what is left.
  mutating func end() {
    if !piece.isEmpty { write(piece) }
    piece = ""
  }
}
