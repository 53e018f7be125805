import CWeirPatterns

/// Regular expressions in RE2's syntax over UTF-8, compiled together: one pass over a text tells which of them match
/// at all. Time is linear in the text whatever the patterns. Never changes; any thread may use it.
@safe public final class TextPatterns: @unchecked Sendable {
  /// The longest pattern, in bytes.
  public static let maximumBytes = Int(WEIR_PATTERN_MAXIMUM_BYTES)
  /// The most instructions that a pattern may compile to.
  public static let maximumProgram = Int(WEIR_PATTERN_MAXIMUM_PROGRAM)

  /// How many there are.
  public let count: Int

  private let compiled: OpaquePointer

  /// Compiles the patterns, told by their places from then on.
  ///
  /// - Throws: the fault of the first that has one.
  public init(_ patterns: [String]) throws(PatternFault) {
    guard let made = unsafe weir_patterns_create() else { throw .outOfMemory }
    unsafe compiled = made
    count = patterns.count
    for pattern in patterns {
      if let fault = unsafe Self.add(pattern, to: made) { throw fault }
    }
    guard unsafe weir_patterns_seal(made) else { throw .outOfMemory }
  }

  deinit {
    unsafe weir_patterns_destroy(compiled)
  }

  /// What is wrong with a pattern; nil when it can be used.
  public static func fault(of pattern: String) -> PatternFault? {
    guard let made = unsafe weir_patterns_create() else { return .outOfMemory }
    defer { unsafe weir_patterns_destroy(made) }
    return unsafe add(pattern, to: made)
  }

  private static func add(_ pattern: String, to patterns: OpaquePointer) -> PatternFault? {
    var pattern = pattern
    return pattern.withUTF8 { bytes in
      unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { reason in
        let status = unsafe weir_patterns_add(
          patterns, bytes.baseAddress, bytes.count, reason.baseAddress, reason.count)
        let text = unsafe reason.baseAddress.map { unsafe String(cString: $0) } ?? ""
        return PatternFault(status, reason: text)
      }
    }
  }

  /// What one look at all patterns reads beside what the next one does too, so that a match that a search finds for
  /// certain, and what stands around it, is within one of the two.
  private static let overlap = TextSearch.reach / 2 + 64
  /// Looks at a long text grow up to this where they are fast, and only there.
  private static let longestLook = 128 * 1024
  private static let fast: Int64 = 10_000_000

  /// The places of the patterns that match anywhere in the text, in no promised order; where memory or the budget do not
  /// suffice for telling, all.
  func matching(_ text: UnsafeRawBufferPointer, _ budget: inout SearchBudget) -> [Int] {
    guard count > 0, !budget.isUsedUp else { return Array(0..<count) }
    var found: [Int] = []
    var (start, length) = (0, SearchBudget.stretch)
    while true {
      let end = min(start + length + Self.overlap, text.count)
      unsafe look(at: UnsafeRawBufferPointer(rebasing: text[start..<end]), adding: &found)
      let spent = budget.read(end - start)
      if budget.isUsedUp { return Array(0..<count) }
      if end == text.count || found.count == count { return found }
      start = end - Self.overlap
      if let spent { length = spent < Self.fast ? min(length * 2, Self.longestLook) : SearchBudget.stretch }
    }
  }

  private func look(at text: UnsafeRawBufferPointer, adding found: inout [Int]) {
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { matched in
      let start = unsafe text.bindMemory(to: UInt8.self).baseAddress
      let matches = unsafe weir_patterns_match(compiled, start, text.count, matched.baseAddress)
      for index in 0..<min(matches, count) {
        let pattern = unsafe Int(matched[index])
        if !found.contains(pattern) { found.append(pattern) }
      }
    }
  }

  /// The first match of the pattern at a place within a range of the text; what lies around the range is looked at by
  /// `\b`, `^` and `$` only.
  func firstMatch(of pattern: Int, in text: UnsafeRawBufferPointer, within range: Range<Int>) -> Range<Int>? {
    var (start, end) = (0, 0)
    let bytes = unsafe text.bindMemory(to: UInt8.self).baseAddress
    let isFound = unsafe weir_patterns_find(
      compiled, UInt32(clamping: pattern), bytes, text.count, range.lowerBound, range.upperBound, &start, &end)
    guard isFound, start <= end, range.lowerBound <= start, end <= range.upperBound else { return nil }
    return start..<end
  }
}
