/// Edits to a body, told as byte ranges and the JSON to stand in their place; every other byte goes out as it came in.
public struct BodySplice: Sendable {
  /// A part of the edited body, in order.
  public enum Piece: Sendable, Equatable {
    /// These bytes of the original body.
    case original(Range<Int>)
    /// This text.
    case new(String)
  }

  private struct Edit: Sendable {
    let range: Range<Int>
    var text: String
  }

  /// Where new members go, and whether something follows them.
  private struct Insertion: Sendable {
    let offset: Int
    let objectIsEmpty: Bool
    var members: String
  }

  /// Ordered by place, no two overlapping.
  private var edits: [Edit] = []
  private var insertion: Insertion?

  /// A splice that changes nothing.
  public init() {}

  /// True while nothing was asked for.
  public var isEmpty: Bool { edits.isEmpty && insertion == nil }

  /// Puts `json` in the place of a range. Calls may come in any order. The same range again: the later call wins. A
  /// range that only partly covers an earlier one, or is no place in a body, is refused.
  ///
  /// - Returns: false when refused.
  @discardableResult
  public mutating func replace(_ range: Range<Int>, with json: String) -> Bool {
    guard range.lowerBound >= 0 else { return false }
    if let same = edits.firstIndex(where: { $0.range == range }) {
      edits[same].text = json
      return true
    }
    guard !edits.contains(where: { $0.range.meets(range) }) else { return false }
    if let offset = insertion?.offset, range.lowerBound < offset, offset < range.upperBound { return false }
    let place = edits.firstIndex { $0.range.lowerBound >= range.upperBound } ?? edits.endIndex
    edits.insert(Edit(range: range, text: json), at: place)
    return true
  }

  /// Adds a member right after the envelope's `{`; several calls keep their order. The body must not have the member
  /// yet, and all calls on one splice must name the same envelope.
  public mutating func insertMember(_ name: String, json: String, into envelope: Envelope) {
    let member = "\(JSONText.quoted(name)):\(json)"
    if insertion == nil {
      insertion = Insertion(
        offset: envelope.objectStart + 1, objectIsEmpty: envelope.isEmpty, members: member)
    } else {
      insertion?.members.append(",\(member)")
    }
  }

  /// Bytes in the edited body, for an original of `bodyCount` bytes.
  public func count(from bodyCount: Int) -> Int {
    var count = 0
    forEachPiece(of: bodyCount) { piece in
      switch piece {
      case .original(let range): count += range.count
      case .new(let text): count += text.utf8.count
      }
    }
    return count
  }

  /// Walks the edited body from its start; no piece is empty. An edit beyond `bodyCount` is left out.
  public func forEachPiece(of bodyCount: Int, _ body: (Piece) -> Void) {
    var position = 0
    func copy(to end: Int) {
      if position < end { body(.original(position..<end)) }
      position = max(position, end)
    }
    var pending = insertion
    func insert(before limit: Int) {
      guard let due = pending, due.offset <= limit, position <= due.offset, due.offset <= bodyCount else {
        return
      }
      copy(to: due.offset)
      body(.new(due.objectIsEmpty ? due.members : due.members + ","))
      pending = nil
    }
    for edit in edits where edit.range.upperBound <= bodyCount {
      insert(before: edit.range.lowerBound)
      guard position <= edit.range.lowerBound else { continue }
      copy(to: edit.range.lowerBound)
      if !edit.text.isEmpty { body(.new(edit.text)) }
      position = edit.range.upperBound
    }
    insert(before: bodyCount)
    copy(to: bodyCount)
  }
}

extension Range<Int> {
  /// True when one byte is in both, or an empty one stands strictly inside the other.
  fileprivate func meets(_ other: Range<Int>) -> Bool {
    lowerBound < other.upperBound && other.lowerBound < upperBound
  }
}
