import Testing
import WeirPolicy

@Suite("The generation of the fleet's cache")
struct FleetGenerationTests {
  private func generation(_ text: String) -> FleetGeneration? { FleetGeneration(Array(text.utf8)) }

  @Test("is read from the store's text")
  func read() throws {
    let all = try #require(generation("1700000000000002\n1700000000000001\n*"))
    #expect(all.number == 1_700_000_000_000_002 && all.previous == 1_700_000_000_000_001 && all.pattern == nil)
    #expect(generation("2\n1\nopenai/*")?.pattern == ModelPattern("openai/*"))
    #expect(generation("1\n0\n*") != nil)
    for text in ["2\n1\nopenai/*", "5\n0\n*"] { #expect(generation(text)?.text == Array(text.utf8)) }
  }

  @Test(
    "is not read from anything else",
    arguments: [
      "", "1", "1\n0", "1\n0\n", "0\n0\n*", "1\n1\n*", "1\n2\n*", "-1\n0\n*", "a\n0\n*", "1\n\n*", "\n1\n*",
      "9999999999999999\n1\n*", "99999999999999999\n1\n*", " 1\n0\n*",
    ])
  func unreadable(text: String) { #expect(generation(text) == nil) }

  @Test("a pattern over the bound is none, and what is written is empty for none")
  func longPattern() {
    #expect(generation("2\n1\n" + String(repeating: "a", count: 513)) == nil)
    #expect(FleetGeneration(Array("2\n1\n".utf8) + [0xFF]) == nil)
    #expect(FleetGeneration.text(String(repeating: "a", count: 513)) == "*" && FleetGeneration.text(nil) == "*")
    #expect(FleetGeneration.text("") == "*" && FleetGeneration.text("kimi*") == "kimi*")
  }

  @Test("tells memory what to let go: all, where a change was missed")
  func purge() throws {
    let some = try #require(generation("5\n3\nkimi*"))
    #expect(some.purge(after: 5) == .none && some.purge(after: nil) == .all)
    #expect(try #require(generation("5\n0\n*")).purge(after: nil) == .none, "never emptied")
    #expect(some.purge(after: 3) == .models(ModelPattern("kimi*")))
    #expect(some.purge(after: 2) == .all && some.purge(after: 9) == .all)
    #expect(try #require(generation("5\n3\n*")).purge(after: 3) == .all)
  }
}
