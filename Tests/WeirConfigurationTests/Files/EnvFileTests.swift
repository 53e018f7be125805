import Testing

@testable import WeirConfiguration

@Suite("Env files")
struct EnvFileTests {
  private func read(_ text: String) -> EnvFile { EnvFile(Array(text.utf8), path: ".env") }
  private func values(_ text: String) -> [String: String] { read(text).entries.mapValues(\.value) }

  @Test(
    "hold names and values",
    arguments: [
      ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("export\tA=b", "b"), ("  A=b", "b"), ("A=", ""),
      ("A=b=c", "b=c"),
      ("A=b # c", "b"), ("A=b#c", "b#c"), ("A=#b", "#b"), ("A= # c", ""), ("A=b c", "b c"),
      ("A=b\r\nB=c", "b"), ("A=b\r", "b"),
      ("A='b # c'", "b # c"), ("A=\"b # c\" # d", "b # c"), ("A='b\\n'", "b\\n"),
      ("A=\"b\\n\\t\\\"\\\\\\$\\x\"", "b\n\t\"\\$\\x"),
      ("A='b\nc'", "b\nc"), ("A=\"b\nc\"", "b\nc"), ("A=$HOME${B}", "$HOME${B}"), ("A=\"$HOME\"", "$HOME"),
      ("A=it's", "it's"),
      ("\u{FEFF}A=b", "b"), ("# x\n\n   # y\nA=b", "b"), ("A=1\nA=2", "2"), ("A=''", ""), ("A=š", "š"),
    ])
  func values(text: String, expected: String) {
    let file = read(text)
    #expect(file.entries["A"]?.value == expected)
    #expect(file.problems.isEmpty)
  }

  @Test("may name a variable export")
  func export() {
    #expect(values("export=1") == ["export": "1"])
  }

  @Test("count lines through quoted line breaks")
  func lines() {
    let file = read("# one\r\nA='2\n3\n'\n\nB=6\nbad line\nC=8")
    #expect(file.entries["A"]?.line == 2)
    #expect(file.entries["B"]?.line == 6)
    #expect(file.entries["C"]?.line == 8)
    #expect(file.problems.map(\.line) == [7])
  }

  @Test(
    "say which line is wrong and read on",
    arguments: [
      ("A B=1\nC=2", 1), ("=x\nC=2", 1), ("\nA='b' c\nC=2", 2), ("?\nC=2", 1), ("WEIR_LISTEN\nC=2", 1),
      ("A: b\nC=2", 1),
    ])
  func problems(text: String, line: Int) {
    let file = read(text)
    #expect(file.problems.map(\.line) == [line])
    #expect(file.problems.map(\.severity) == [.error])
    #expect(file.entries["C"]?.value == "2")
  }

  @Test("name the line of a quotation mark that is never closed")
  func unclosed() {
    let file = read("A=1\nB=\"2\nC=3\n")
    #expect(file.problems.map(\.line) == [2])
    #expect(file.entries["A"]?.value == "1")
  }

  @Test("do not repeat a line that may be a key")
  func silence() {
    let problems = read("sk-or-v1-hunter2 x\nOPENROUTER_API_KEY='hunter2' hunter2\n").problems
    #expect(problems.count == 2)
    #expect(!problems.contains { $0.description.contains("hunter2") })
  }

  @Test("ignore other programs' bare names and bytes that are not UTF-8")
  func foreign() {
    #expect(read("PATH\nHOME\n").problems.isEmpty)
    let bytes = Array("A=".utf8) + [0xFF] + Array("\nB=1\n".utf8)
    let file = EnvFile(bytes, path: ".env")
    #expect(file.problems.isEmpty)
    #expect(file.entries.mapValues(\.value) == ["B": "1"])
    #expect(EnvFile(Array("WEIR_LISTEN=".utf8) + [0xFF], path: ".env").problems.map(\.line) == [1])
  }

  @Test("warn where a setting is replaced further down")
  func replaced() {
    let problems = read("WEIR_RETRIES=1\nA=1\nA=2\nWEIR_RETRIES=0\nWEIR_RETRIES=0").problems
    #expect(problems.map(\.severity) == [.warning])
    #expect(problems.map(\.line) == [4])
  }

  @Test("of any bytes are read to their end without a crash")
  func anyBytes() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("A='\"\\#\n\r \t$=xé".utf8) + [0xFF, 0]
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
      }
      let lines = bytes.count { $0 == 0x0A } + 1
      let file = EnvFile(bytes, path: ".env")
      #expect(file.problems.allSatisfy { (1...lines).contains($0.line ?? 0) }, "\(bytes)")
      #expect(file.entries.values.allSatisfy { (1...lines).contains($0.line) }, "\(bytes)")
    }
  }
}
