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
    var found: Set<Int> = []
    let text = Array("a cat".utf8)
    unsafe text.withUnsafeBytes { unsafe patterns.matching($0) { found.insert($0) } }
    #expect(found == [0, 2])
  }
}
