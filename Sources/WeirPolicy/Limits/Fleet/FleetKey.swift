import Crypto

/// Where the store keeps a count: half a SHA-256 over what tells it from others, so that all sidecars agree on it, nothing
/// of it can be read there, and nobody can choose names that share a count.
struct FleetKey: Hashable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// The count of a rule for a subject. A rule keeps its counts in the store where name, unit, dimensions and the clients that
  /// it names stay: the default `rpm`, a client's own, and one of the rules for that client alone are three.
  init(rule name: String, unit: String, scope: LimitScope, subject: CountedSubject) {
    var parts = KeyParts()
    parts.append(name)
    parts.append(unit)
    parts.append(scope.clients.sorted())
    let dimensions = LimitScope.Dimension.allCases.filter { scope.dimensions.contains($0) }
    parts.append(dimensions.map(\.rawValue))
    for dimension in dimensions {
      switch dimension {
      case .client: parts.append(subject.client)
      case .user:
        parts.append(subject.user == nil ? 0 : 1)
        parts.append(subject.user ?? "")
      case .model: parts.append(subject.model(in: scope) ?? subject.model)
      }
    }
    if scope.isClientsOwn { parts.append(1) }
    self.init(parts.bytes)
  }

  /// What an owner of budgets spends: a client, or nil for everyone together.
  init(owner: String?) {
    var parts = KeyParts()
    parts.append(owner == nil ? 0 : 1)
    parts.append(owner ?? "")
    self.init(parts.bytes)
  }

  private init(_ bytes: [UInt8]) {
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in SHA256.hash(data: bytes).prefix(16).enumerated() {
      if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
    }
    (high, low) = words
  }

  /// 32 hexadecimal digits behind one letter, which says what is kept there.
  func text(_ kind: Character) -> String { "\(kind):\(FleetKey.hexadecimal(high))\(FleetKey.hexadecimal(low))" }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
