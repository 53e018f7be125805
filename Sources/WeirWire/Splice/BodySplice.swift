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
    var isRemoval = false
  }

  /// Where new members go, and whether something follows them.
  private struct Insertion: Sendable {
    let offset: Int
    let objectIsEmpty: Bool
    /// In order; as JSON.
    var members: [(name: String, json: String)] = []

    var text: String { members.map { "\(JSONText.quoted($0.name)):\($0.json)" }.joined(separator: ",") }
  }

  /// The members to take out, and the object that they stand in.
  private struct Removals: Sendable {
    /// In the object's order.
    var members: [Envelope.Member] = []
    /// From the `{` to the `}`.
    let object: ClosedRange<Int>
    /// No member stays but inserted ones.
    var leavesNone = false

    /// The cuts that take out all members so far and this one.
    ///
    /// A member goes with the comma before it. Before the first member there is none, so a run of removed members
    /// from the first on goes with the comma after it; where the run is all there is, no comma is left over.
    mutating func adding(_ member: Envelope.Member) -> [Edit] {
      members.append(member)
      members.sort { $0.before < $1.before }
      let firstKept = members.indices.first { index in
        members[index].before != (index == 0 ? object.lowerBound : members[index - 1].after)
      }
      let run = members[..<(firstKept ?? members.endIndex)]
      var cuts = members[run.endIndex...].map { cut($0.before..<$0.value.upperBound) }
      if let last = run.last {
        leavesNone = last.after == object.upperBound
        cuts.append(cut(object.lowerBound + 1..<(leavesNone ? last.value.upperBound : last.after + 1)))
      }
      return cuts
    }

    private func cut(_ range: Range<Int>) -> Edit { Edit(range: range, text: "", isRemoval: true) }
  }

  /// Ordered by place, no two overlapping.
  private var edits: [Edit] = []
  private var insertion: Insertion?
  private var removals: Removals?

  /// A splice that changes nothing.
  public init() {}

  /// Puts texts in the place of ranges, as many calls of ``replace(_:with:)`` would, in one pass. Ranges must be in
  /// order; one that meets the one before is left out.
  public init(replacing parts: [(Range<Int>, String)]) {
    edits.reserveCapacity(parts.count)
    for (range, text) in parts where range.lowerBound >= edits.last?.range.upperBound ?? 0 {
      edits.append(Edit(range: range, text: text))
    }
  }

  /// True while nothing was asked for.
  public var isEmpty: Bool { edits.isEmpty && insertion == nil }

  /// Puts `json` in the place of a range. Calls may come in any order. The same range again: the later call wins. A
  /// range that only partly covers an earlier one, is of a removed member, or is no place in a body, is refused.
  ///
  /// - Returns: false when refused.
  @discardableResult
  public mutating func replace(_ range: Range<Int>, with json: String) -> Bool {
    guard range.lowerBound >= 0 else { return false }
    if let same = edits.firstIndex(where: { $0.range == range && !$0.isRemoval }) {
      edits[same].text = json
      return true
    }
    guard !edits.contains(where: { $0.range.meets(range) }) else { return false }
    if let offset = insertion?.offset, range.lowerBound < offset, offset < range.upperBound { return false }
    let place = edits.firstIndex { $0.range.lowerBound >= range.upperBound } ?? edits.endIndex
    edits.insert(Edit(range: range, text: json), at: place)
    return true
  }

  /// Takes a member out, with one comma beside it and the white space between the two; what was to be replaced in it
  /// goes too. All calls on one splice must name the same envelope; a member that was removed before stays removed.
  ///
  /// - Returns: false when an earlier edit covers the member only partly, and nothing was done.
  @discardableResult
  public mutating func removeMember(_ member: Envelope.Member, from envelope: Envelope) -> Bool {
    guard envelope.objectStart <= member.before, member.before < member.value.lowerBound,
      member.value.upperBound <= member.after, member.after <= envelope.objectEnd
    else { return false }
    var removals = removals ?? Removals(object: envelope.objectStart...envelope.objectEnd)
    guard !removals.members.contains(member) else { return true }
    let extent = member.before + 1..<member.after
    var kept = edits.filter { !$0.isRemoval }
    guard kept.allSatisfy({ !$0.range.meets(extent) || extent.contains($0.range) }) else { return false }
    kept.removeAll { extent.contains($0.range) }
    edits = kept + removals.adding(member)
    edits.sort { $0.range.lowerBound < $1.range.lowerBound }
    self.removals = removals
    return true
  }

  /// Adds a member right after the envelope's `{`; several calls keep their order, and of two with one name the later
  /// one wins. The body must not have the member yet, and all calls on one splice must name the same envelope.
  public mutating func insertMember(_ name: String, json: String, into envelope: Envelope) {
    var inserted = insertion ?? Insertion(offset: envelope.objectStart + 1, objectIsEmpty: envelope.isEmpty)
    if let known = inserted.members.firstIndex(where: { $0.name == name }) {
      inserted.members[known].json = json
    } else {
      inserted.members.append((name, json))
    }
    insertion = inserted
  }

  /// Whether ``insertMember(_:json:into:)`` adds a member of that name.
  public func inserts(_ name: String) -> Bool {
    insertion?.members.contains { $0.name == name } ?? false
  }

  /// Whether the member with the value in this range is taken out.
  public func removes(_ range: Range<Int>) -> Bool {
    removals?.members.contains { $0.value == range } ?? false
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
      let isAlone = due.objectIsEmpty || removals?.leavesNone == true
      body(.new(isAlone ? due.text : due.text + ","))
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
