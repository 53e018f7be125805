import Testing

@testable import WeirWire

@Suite("Patterns")
struct TextPatternsTests {
  @Test("are taken in RE2's syntax", arguments: ["PROJECT-\\d+", "(?i)secret", "a{1,64}", "\\p{Greek}+", " x "])
  func valid(pattern: String) { #expect(TextPatterns.fault(of: pattern) == nil) }

  @Test(
    "are refused with a reason where the syntax is not RE2's",
    arguments: ["(", "a(?=b)", "(?<!a)b", "(a)\\1", "[z-a]", "a**", "\\C"])
  func invalid(pattern: String) {
    guard case .invalid(let reason) = TextPatterns.fault(of: pattern) else {
      Issue.record("\(pattern) was taken")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test(
    "are refused where they find texts of no length", arguments: ["", "a*", "x?", "^", "$", "\\b", "(a|)", "(?m)^"])
  func empty(pattern: String) { #expect(TextPatterns.fault(of: pattern) == .matchesEmpty) }

  @Test("are refused where they take every character", arguments: [".", ".+", "[\\s\\S]+", "(.|\\n)+", "[^\\n]"])
  func all(pattern: String) { #expect(TextPatterns.fault(of: pattern) == .matchesAll) }

  @Test("are refused where they compile to too much", arguments: ["x{999}y{999}z{999}a{999}b{999}", "\\pL{500}"])
  func large(pattern: String) {
    #expect(TextPatterns.fault(of: pattern) == .tooLarge)
    #expect(TextPatterns.fault(of: String(repeating: "x", count: TextPatterns.maximumBytes + 1)) == .tooLarge)
  }

  @Test("tell in one pass which of them match")
  func matching() throws {
    let patterns = try TextPatterns(["cat", "dog", "c.t"])
    #expect(matching(patterns, "a cat") == [0, 2])
  }

  @Test("are found in a long text wherever they stand, with what stands around them")
  func long() throws {
    let patterns = try TextPatterns([#"\bcat\b"#, #"x[^xy]+y"#, #"\Bdog\B"#])
    for place in stride(from: 16_000, through: 300_000, by: 7_001) {
      let before = String(repeating: "é ", count: place / 3)
      let text = before + "cat " + "adogb" + " x" + String(repeating: "z", count: 16_000) + "y" + before
      #expect(matching(patterns, text) == [0, 1, 2])
    }
  }

  @Test("count as found, all of them, once the time for looking is over")
  func slow() throws {
    let patterns = try TextPatterns(["cat", "dog"])
    let text = String(repeating: "no match ", count: 10_000)
    #expect(matching(patterns, text).isEmpty)
    var now: Int64 = 0
    let slow = {
      now += SearchBudget.nanoseconds / 2
      return now
    }
    #expect(matching(patterns, text, time: slow) == [0, 1])
    #expect(matching(patterns, "short", time: slow).isEmpty)
  }

  private func matching(_ patterns: TextPatterns, _ text: String, time: @escaping () -> Int64 = { 0 }) -> [Int] {
    var budget = SearchBudget(time: time)
    let bytes = Array(text.utf8)
    return unsafe bytes.withUnsafeBytes { unsafe patterns.matching($0, &budget) }.sorted()
  }
}
