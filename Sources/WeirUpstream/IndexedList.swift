/// What an `IndexedList` holds.
protocol Indexed: AnyObject {
  /// Its place in the list that holds it; the list's to set.
  var listIndex: Int? { get set }
}

/// Objects in no order that join and leave in constant time. Each is in one such list at most.
struct IndexedList<Member: Indexed> {
  private(set) var members: [Member] = []

  var count: Int { members.count }

  mutating func add(_ member: Member) {
    member.listIndex = members.count
    members.append(member)
  }

  /// The member that came last of those that no other has replaced.
  mutating func takeLast() -> Member? {
    let member = members.popLast()
    member?.listIndex = nil
    return member
  }

  /// Whether it was in the list.
  @discardableResult mutating func remove(_ member: Member) -> Bool {
    guard let index = member.listIndex, index < members.count, members[index] === member else { return false }
    member.listIndex = nil
    let last = members.removeLast()
    if last !== member {
      members[index] = last
      last.listIndex = index
    }
    return true
  }
}
