/// A JSON document as a tree whose strings and numbers are as they are spelled, to be written in many ways.
indirect enum DocumentTree: Equatable {
  case scalar(String)
  case array([DocumentTree])
  case object([Member])

  struct Member: Equatable {
    /// With quotes and escapes.
    var name: String
    var value: DocumentTree

    /// What the name means: its escapes undone by way of UTF-16, where a lone surrogate becomes U+FFFD.
    var meaning: String {
      var units: [UInt16] = []
      var rest = Array(name.utf16)[...].dropFirst().dropLast()
      while let unit = rest.popFirst() {
        guard unit == UInt16(UInt8(ascii: "\\")), let escape = rest.popFirst() else {
          units.append(unit)
          continue
        }
        switch UInt8(truncatingIfNeeded: escape) {
        case UInt8(ascii: "u"):
          units.append(UInt16(String(decoding: rest.prefix(4), as: UTF16.self), radix: 16) ?? 0)
          rest = rest.dropFirst(4)
        case UInt8(ascii: "n"): units.append(0x0a)
        case UInt8(ascii: "r"): units.append(0x0d)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0c)
        default: units.append(escape)
        }
      }
      return String(decoding: units, as: UTF16.self)
    }
  }

  /// Whether nothing but the order of members tells the two apart, found without putting anything in order.
  func isSame(as other: DocumentTree) -> Bool {
    switch (self, other) {
    case (.scalar(let one), .scalar(let two)): return one.utf8.elementsEqual(two.utf8)
    case (.array(let one), .array(let two)):
      return one.count == two.count && zip(one, two).allSatisfy { $0.isSame(as: $1) }
    case (.object(let one), .object(let two)):
      guard one.count == two.count else { return false }
      return one.allSatisfy { member in
        let mine = one.filter { $0.hasMeaning(of: member) }
        let theirs = two.filter { $0.hasMeaning(of: member) }
        return mine.count == theirs.count
          && zip(mine, theirs).allSatisfy { $0.name.utf8.elementsEqual($1.name.utf8) && $0.value.isSame(as: $1.value) }
      }
    default: return false
    }
  }

  /// Some tree; names are few, so that some stand twice in an object.
  static func random(depth: Int, _ random: inout JSONGenerator) -> DocumentTree {
    let kind = depth > 0 ? random.random.below(4) : 0
    switch kind {
    case 1: return .array((0..<random.random.below(5)).map { _ in Self.random(depth: depth - 1, &random) })
    case 2, 3:
      // Sometimes so many that they are sorted in another way.
      let count = random.random.chance(5) ? 18 : random.random.below(5)
      return .object(
        (0..<count).map { _ in Member(name: name(&random), value: Self.random(depth: depth - 1, &random)) })
    default: return .scalar(random.value(depth: 0))
    }
  }

  private static func name(_ random: inout JSONGenerator) -> String {
    if random.random.chance(40) { return random.string() }
    return random.random.pick([
      #""a""#, #""\u0061""#, #""ab""#, #""model""#, #""role""#, #""""#, #""é""#, #""\u00e9""#, #""a\u0000""#, #""A""#,
    ])
  }

  /// The tree with the members of every object in another order, those of one meaning as they were.
  func shuffled(_ random: inout JSONGenerator) -> DocumentTree {
    switch self {
    case .scalar: return self
    case .array(let elements): return .array(elements.map { $0.shuffled(&random) })
    case .object(let members):
      var rest = members.map { Member(name: $0.name, value: $0.value.shuffled(&random)) }
      var mixed: [Member] = []
      while !rest.isEmpty {
        let pick = random.random.pick(rest)
        // The first of its meaning, so that the order among them stays.
        let first = rest.firstIndex { $0.hasMeaning(of: pick) } ?? 0
        mixed.append(rest.remove(at: first))
      }
      return .object(mixed)
    }
  }

  /// The tree with one thing changed somewhere: a scalar, or two neighbours swapped, or one doubled or left out.
  func changed(_ random: inout JSONGenerator) -> DocumentTree {
    switch self {
    case .scalar: return .scalar(random.value(depth: 0))
    case .array(var elements):
      guard !elements.isEmpty else { return .array([.scalar("0")]) }
      let index = random.random.below(elements.count)
      switch random.random.below(4) {
      case 0: elements.swapAt(index, 0)
      case 1: elements.append(elements[index])
      case 2: elements.remove(at: index)
      default: elements[index] = elements[index].changed(&random)
      }
      return .array(elements)
    case .object(var members):
      guard !members.isEmpty else { return .object([Member(name: #""a""#, value: .scalar("0"))]) }
      let index = random.random.below(members.count)
      switch random.random.below(5) {
      case 0: members.swapAt(index, 0)
      case 1: members.append(members[index])
      case 2: members.remove(at: index)
      case 3: members[index].name = Self.name(&random)
      default: members[index].value = members[index].value.changed(&random)
      }
      return .object(members)
    }
  }

  /// The tree as text, with white space here and there, or nowhere.
  func text(spaced: Bool, _ random: inout JSONGenerator) -> String {
    func space(_ random: inout JSONGenerator) -> String { spaced ? random.space() : "" }
    let inner: String
    switch self {
    case .scalar(let scalar): inner = scalar
    case .array(let elements):
      let parts = elements.map { $0.text(spaced: spaced, &random) }
      inner = "[" + (parts.isEmpty ? space(&random) : parts.joined(separator: ",")) + "]"
    case .object(let members):
      let parts = members.map {
        space(&random) + $0.name + space(&random) + ":" + $0.value.text(spaced: spaced, &random)
      }
      inner = "{" + (parts.isEmpty ? space(&random) : parts.joined(separator: ",")) + "}"
    }
    return space(&random) + inner + space(&random)
  }
}

extension DocumentTree.Member {
  func hasMeaning(of other: DocumentTree.Member) -> Bool { meaning.utf8.elementsEqual(other.meaning.utf8) }
}
