import Testing
import WeirConfiguration

@Suite("The format of the YAML file")
struct FormatVersionTests {
  @Test("may be said, and need not be", arguments: ["version: 1\n", "version: \"1\"\n", "version:\n", ""])
  func accepted(line: String) throws {
    #expect(try Sources.yaml(line + "listen: 127.0.0.1:9000\n").load().listeners.traffic.port == 9000)
  }

  @Test("that is newer is refused, with what to do")
  func newer() throws {
    let problem = try #require(Sources.yaml("version: 2\n").problems.first)
    #expect(problem.key == "version" && problem.line == 1)
    #expect(problem.what.contains("format 2") && problem.what.contains("format 1"))
    #expect(problem.fix.contains("version: 1"))
  }

  @Test("must be a number", arguments: ["version: one\n", "version: [1]\n", "version: {a: 1}\n", "version: 0\n"])
  func malformed(line: String) {
    #expect(Sources.yaml(line).problems.map(\.key) == ["version"])
  }
}
