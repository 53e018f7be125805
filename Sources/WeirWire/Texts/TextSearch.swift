/// Looks for all matches of one pattern in a text, with a bound on the work.
///
/// RE2 is linear in one search, but a pattern that looks far ahead before it settles for a short match makes the search
/// for *all* matches quadratic. So one search reads ``reach`` bytes at most, matches of up to half of that are found for
/// certain (of a longer one a part, or nothing), and the searches of a request share a budget.
@safe struct TextSearch {
  /// Bytes that one search may read.
  static let reach = 32 * 1024

  private let patterns: TextPatterns
  private let text: UnsafeRawBufferPointer
  private var position = 0

  init(_ patterns: TextPatterns, in text: UnsafeRawBufferPointer) {
    self.patterns = patterns
    unsafe self.text = text
  }

  /// The next match that is not empty, from where the last one ended; nil at the end, and where the work is used up.
  ///
  /// - Parameters:
  ///   - charge: bytes that one match costs of the budget; less where the text is shorter.
  ///   - budget: what is left.
  mutating func next(of pattern: Int, charge: Int, budget: inout SearchBudget) -> Range<Int>? {
    while unsafe position < text.count, !budget.isUsedUp {
      let end = unsafe min(position + Self.reach, text.count)
      let found = unsafe patterns.firstMatch(of: pattern, in: text, within: position..<end)
      let half = position + Self.reach / 2
      if unsafe end == text.count || found.map({ $0.lowerBound <= half }) == true {
        guard let found else {
          budget.read(end - position)
          return nil
        }
        budget.charge(max(min(charge, end - position), SearchBudget.leastCharge))
        position = max(found.upperBound, position + 1)
        if !found.isEmpty { return found }
      } else {
        budget.read(end - position)
        // A match that begins late is looked at again with its full reach; without one, the rest has it.
        position = max(found?.lowerBound ?? half, position + 1)
      }
    }
    return nil
  }

  /// Goes on looking from here.
  mutating func resume(at place: Int) { position = place }

  /// Where the next search begins.
  var place: Int { position }
}
