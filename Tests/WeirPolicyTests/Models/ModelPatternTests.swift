import Testing

@testable import WeirPolicy

@Suite("A pattern over model names")
struct ModelPatternTests {
  @Test(
    "matches",
    arguments: [
      ("gpt-4", "GPT-4"), ("gpt-4*", "gpt-4-turbo"), ("*", ""), ("*", "anything"),
      ("openai/*", "OpenAI/gpt-4"),
      ("*/kimi*", "moonshotai/kimi-k2"), ("a*b*c", "aXbYbZc"), ("**a", "ba"), ("", ""), ("a*", "a"),
    ])
  func matches(pattern: String, name: String) {
    #expect(ModelPattern(pattern).matches(name))
  }

  @Test(
    "does not match",
    arguments: [
      ("gpt-4", "gpt-4-turbo"), ("gpt-4*", "xgpt-4"), ("", "a"), ("a*b", "a"), ("a*b", "abc"), ("?", "a"),
      (".*", "abc"),
    ])
  func differs(pattern: String, name: String) {
    #expect(!ModelPattern(pattern).matches(name))
  }

  @Test("agrees with a plain recursive definition on random input", arguments: 0..<200)
  func agrees(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func text(_ letters: [Character]) -> String {
      String(
        (0..<Int.random(in: 0...7, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
    }
    let (pattern, name) = (text(["a", "b", "*"]), text(["a", "b"]))
    func fits(_ pattern: Substring, _ name: Substring) -> Bool {
      guard let first = pattern.first else { return name.isEmpty }
      if first == "*" {
        return fits(pattern.dropFirst(), name) || (!name.isEmpty && fits(pattern, name.dropFirst()))
      }
      return name.first == first && fits(pattern.dropFirst(), name.dropFirst())
    }
    #expect(ModelPattern(pattern).matches(name) == fits(pattern[...], name[...]), "\(pattern) on \(name)")
  }

  @Test("knows whether it has a star")
  func exact() {
    #expect(ModelPattern("a").isExact)
    #expect(!ModelPattern("a*").isExact)
  }
}

@Suite("How a model's name is read")
struct ModelNameTests {
  @Test(
    "splits at the first colon after the last slash",
    arguments: [
      ("a/b:c", "a/b", ":c"), ("a:1/b", "a:1/b", ""), ("b:c:d", "b", ":c:d"), (":c", ":c", ""),
      ("a/:c", "a/:c", ""),
      ("", "", ""), ("a:", "a", ":"),
    ])
  func split(name: String, base: String, suffix: String) {
    #expect(ModelName.split(name).base == base)
    #expect(ModelName.split(name).suffix == suffix)
  }

  @Test("folds ASCII only")
  func folded() {
    #expect(ModelName.folded("ÀKIMI-K2") == "Àkimi-k2")
    #expect(ModelName.folded("kimi") == "kimi")
  }
}
