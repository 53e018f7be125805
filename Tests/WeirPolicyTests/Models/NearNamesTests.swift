import Testing

@testable import WeirPolicy

@Suite("Near names")
struct NearNamesTests {
  private let names = ModelCatalog.builtIn.suggestibleNames

  @Test(
    "has what was meant in front",
    arguments: [
      ("kimi-k3", "kimi-k2"), ("kmi-k2", "kimi-k2"), ("gtp-4", "gpt-4"), ("openai/gtp-4", "gpt-4"),
      ("moonshot/kimi-k2", "kimi-k2"), ("claude-3-opsu:free", "claude-3-opus"), ("O4-MINI", "o4-mini"),
    ])
  func near(asked: String, meant: String) {
    #expect(NearNames.of(asked, in: names, limit: 3).contains { $0.hasSuffix(meant) })
  }

  @Test("says nothing for names that are like none, for none, and for endless ones")
  func nothing() {
    #expect(NearNames.of("mistral-large-2411", in: names).isEmpty)
    #expect(NearNames.of("", in: names).isEmpty)
    #expect(NearNames.of(String(repeating: "gpt-4", count: 1_000), in: names).isEmpty)
    #expect(NearNames.of("gpt-4", in: names, limit: -1).isEmpty)
  }

  @Test("counts slips")
  func distance() {
    func distance(_ left: String, _ right: String) -> Int {
      EditDistance.between(Array(left.utf8), Array(right.utf8))
    }
    #expect(distance("kitten", "sitting") == 3)
    #expect(distance("ab", "ba") == 1)
    #expect(distance("", "abc") == 3)
    #expect(distance("abc", "") == 3)
    #expect(distance("ca", "abc") == 3)
  }
}
