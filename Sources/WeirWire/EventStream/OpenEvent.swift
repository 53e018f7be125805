/// The beginning of an event whose end has not come.
public struct OpenEvent: Sendable, Equatable {
  /// What is in progress.
  enum Line: Sendable, Equatable {
    /// No line: the last one has ended.
    case none
    case data
    /// A comment, another field, or too little to say.
    case other
  }

  /// Its data so far; nil where no line of data has begun.
  let data: [UInt8]?
  let line: Line
}

extension EventStreamReader {
  private static let dataField = Array("data:".utf8)

  /// The event that is half read; nil at a boundary, and where the event is longer than what is kept.
  var openEvent: OpenEvent? {
    guard !isAtEventBoundary, let (kept, line, isComment) = partsOfOpenEvent else { return nil }
    guard let line else { return OpenEvent(data: kept, line: .none) }
    guard !isComment, line.starts(with: Self.dataField) else { return OpenEvent(data: kept, line: .other) }
    let value = line.dropFirst(Self.dataField.count)
    let text = value.first == UInt8(ascii: " ") ? value.dropFirst() : value
    return OpenEvent(data: (kept.map { $0 + [UInt8(ascii: "\n")] } ?? []) + text, line: .data)
  }
}
