import Testing

@testable import WeirConfiguration

@Suite("Texts")
struct TextTests {
  @Test("say true or false in the usual spellings")
  func booleans() throws {
    for text in ["true", "TRUE", "1", "yes", "On"] { #expect(try ValueParsers.boolean(text)) }
    for text in ["false", "False", "0", "no", "OFF"] { #expect(try !ValueParsers.boolean(text)) }
    for text in ["", "2", "y", "truee", "disabled"] {
      #expect(throws: ValueProblem.self) { try ValueParsers.boolean(text) }
    }
  }

  @Test("that choose are matched without letter case, and a near miss is named")
  func choices() throws {
    #expect(try ValueParsers.choice("WARNING", of: LogLevel.self) == .warning)
    let problem = #expect(throws: ValueProblem.self) { try ValueParsers.choice("warn", of: LogLevel.self) }
    #expect(problem?.what == #""warn" is not one of trace, debug, info, notice, warning, error, critical"#)
    #expect(problem?.fix == "did you mean warning?")
  }

  @Test("that name models are visible ASCII")
  func models() throws {
    #expect(try ValueParsers.model("moonshotai/kimi-k2:free") == "moonshotai/kimi-k2:free")
    for text in ["", "a b", "a\n", "modèle", String(repeating: "m", count: 257)] {
      #expect(throws: ValueProblem.self) { try ValueParsers.model(text) }
    }
  }

  @Test("that list models are split at commas, and may not be empty")
  func lists() throws {
    let type = ValueType<[String]>.models
    #expect(try type.parse(.text("gpt-4 , gpt-4-turbo")) == ["gpt-4", "gpt-4-turbo"])
    #expect(try type.parse(.items(["gpt-4"])) == ["gpt-4"])
    for content in [RawContent.text("a,,b"), .text("a,"), .items([]), .items(["a,b"])] {
      #expect(throws: ValueProblem.self) { try type.parse(content) }
    }
  }

  @Test("that name a site may hold any script and no control character")
  func siteNames() throws {
    #expect(try ValueParsers.siteName("Čaj & Co") == "Čaj & Co")
    for text in ["a\r\nX-Evil: 1", "tab\there", String(repeating: "n", count: 257)] {
      #expect(throws: ValueProblem.self) { try ValueParsers.siteName(text) }
    }
  }

  @Test("quoted in a message are cut and made visible")
  func quoting() {
    #expect(ValueProblem.quoted("a\u{1B}[31m\n") == #""a?[31m?""#)
    #expect(
      ValueProblem.quoted(String(repeating: "x", count: 41)) == "\"" + String(repeating: "x", count: 40)
        + "…\"")
  }
}
