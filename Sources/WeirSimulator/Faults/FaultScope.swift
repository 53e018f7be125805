/// The requests that a fault acts on: all of them, unless its specification ends with one of these qualifiers.
struct FaultScope: Sendable, Equatable {
  /// `[moonshotai/*]`: requests whose body names such a model.
  var models: FaultPattern?
  /// `@20%`: this share of them, from 0 to 1.
  var probability = 1.0
  /// `#3`: the first three of the requests that fit `models`, counted since the faults were set; nil is no end.
  var firstRequests: Int?
}

/// A model's name in which `*` stands for any text; letter case counts.
struct FaultPattern: Sendable, Equatable {
  let text: String

  func matches(_ model: String) -> Bool {
    let parts = text.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, parts.count > 1 else { return model == text }
    guard model.hasPrefix(first), model.hasSuffix(last), model.utf8.count >= first.utf8.count + last.utf8.count
    else { return false }
    var rest = model.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }
}

extension FaultScope {
  /// Cuts the qualifiers off the end of one fault's specification, in any order, each at most once. Without
  /// `allowingShares` only a pattern is one.
  init(takenFrom rest: inout Substring, allowingShares: Bool) throws(FaultSpecError) {
    let part = String(rest)
    var share: Double?
    while true {
      if models == nil, rest.last == "]", let mark = rest.lastIndex(of: "[") {
        models = try FaultScope.pattern(rest[rest.index(after: mark)...].dropLast(), part: part)
        rest = rest[..<mark]
      } else if allowingShares, firstRequests == nil, let mark = rest.lastIndex(of: "#"),
        let count = Int(rest[rest.index(after: mark)...])
      {
        guard count >= 0 else { throw FaultSpecError(part: part, reason: "#N needs N from 0") }
        firstRequests = count
        rest = rest[..<mark]
      } else if allowingShares, share == nil, rest.last == "%", let mark = rest.lastIndex(of: "@") {
        guard let percent = Double(rest[rest.index(after: mark)...].dropLast()), percent >= 0, percent <= 100
        else { throw FaultSpecError(part: part, reason: "@P% needs P from 0 to 100") }
        share = percent / 100
        rest = rest[..<mark]
      } else {
        probability = share ?? 1
        return
      }
    }
  }

  private static func pattern(_ text: Substring, part: String) throws(FaultSpecError) -> FaultPattern {
    let trimmed = text.trimmingASCIISpace()
    guard !trimmed.isEmpty else {
      throw FaultSpecError(part: part, reason: "[PATTERN] needs a model's name; * stands for any text")
    }
    return FaultPattern(text: String(trimmed))
  }
}
