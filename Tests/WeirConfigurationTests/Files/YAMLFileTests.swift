import Testing

@testable import WeirConfiguration

@Suite("YAML files")
struct YAMLFileTests {
  private func read(_ text: String) -> YAMLFile { YAMLFile(Array(text.utf8), path: "weir.yaml") }

  @Test("hold nested keys, with the line of each")
  func nested() {
    let file = read(
      "listen: 0.0.0.0:1\n\nupstream:\n  url: http://a/v1\n  api_key: 'k'\nkimi: {enabled: no}\n")
    #expect(file.problems.isEmpty)
    #expect(file.values["listen"]?.content == .text("0.0.0.0:1"))
    #expect(file.values["upstream.url"]?.origin == .file(path: "weir.yaml", line: 4))
    #expect(file.values["upstream.api_key"]?.content == .text("k"))
    #expect(file.values["kimi.enabled"]?.content == .text("no"))
  }

  @Test("keep the spelling of numbers and truth values")
  func spelling() {
    let file = read("kimi: {temperature: 0.60, model_id: 1e3, enabled: Yes}")
    #expect(file.values["kimi.temperature"]?.content == .text("0.60"))
    #expect(file.values["kimi.model_id"]?.content == .text("1e3"))
    #expect(file.values["kimi.enabled"]?.content == .text("Yes"))
  }

  @Test("hold lists as lists, and clients as a section with a setting in it")
  func lists() {
    let file = read("kimi:\n  rollout_from: [gpt-4, gpt-5]\nclients:\n  app: sk-1\n  file: more.yaml\n")
    #expect(file.problems.isEmpty)
    #expect(file.values["kimi.rollout_from"]?.content == .items(["gpt-4", "gpt-5"]))
    #expect(file.sections["clients"]?.line == 3)
    #expect(file.values["clients.file"]?.content == .text("more.yaml"))
    #expect(file.values["clients.file"]?.origin == .file(path: "weir.yaml", line: 5))
    #expect(file.values["clients.app"] == nil)
  }

  @Test(
    "say nothing where a key has no value",
    arguments: [
      "", "# only a comment\n", "listen:", "listen: ~", "listen: null", "upstream:\n", "---\n", "~",
    ])
  func empty(text: String) {
    let file = read(text)
    #expect(file.values.isEmpty)
    #expect(file.problems.isEmpty)
  }

  @Test(
    "refuse what has the wrong shape, and say where",
    arguments: [
      ("listen: [a]", 1, "listen"), ("a: 1\nlisten:\n  host: x", 1, "a"), ("\nlimits: 5", 2, "limits"),
      ("limits:\n  max_body_bytes:\n    - 1", 2, "limits.max_body_bytes"),
      ("kimi: {rollout_from: {a: b}}", 1, "kimi.rollout_from"),
      ("kimi:\n  rollout_from: [[a]]", 2, "kimi.rollout_from"),
      ("upstream.url: http://a", 1, "upstream.url"), ("kimi:\n  enabld: no", 2, "kimi.enabld"),
    ])
  func shapes(text: String, line: Int, key: String) {
    let problem = read(text).problems.first
    #expect(problem?.line == line)
    #expect(problem?.key == key)
    #expect(problem?.severity == .error)
  }

  @Test("refuse a key given twice, whose line they name")
  func duplicates() {
    let top = read("drain_seconds: 1\nlisten: a:1\nlisten: b:1\n").problems
    #expect(top.map(\.key) == ["listen"])
    #expect(top.first?.line == 2)
    #expect(read("kimi:\n  enabled: yes\n  \"enabled\": no\n").problems.map(\.key) == ["enabled"])
    #expect(read("kimi: {}\nkimi: {}").problems.count == 1)
  }

  @Test(
    "that are not YAML give a line and no excerpt",
    arguments: [
      ("a: 1\napi_key: 'hunter2\n", 3), ("hunter2: [", 2), ("hunter2\n\ta: 1", 2), ("listen: *hunter2", 1),
      ("a: \u{1}hunter2", 1),
      ("listen: a:1\n---\nlisten: hunter2:1", 2), ("- hunter2", 1), ("hunter2", 1),
      ("listen: \"\\q hunter2\"", 1),
      ("\"hunter2", 1), ("{{{{", 2),
    ])
  func broken(text: String, line: Int) {
    let problems = read(text).problems
    #expect(problems.map(\.line) == [line])
    #expect(problems.first.map { $0.description.contains("hunter2") } == false)
  }

  @Test("may begin with a byte order mark, and may not be anything but UTF-8")
  func encodings() {
    #expect(read("\u{FEFF}listen: a:1").values["listen"]?.content == .text("a:1"))
    #expect(read("kimi: {\u{FEFF}enabled: no}").values["kimi.enabled"]?.content == .text("no"))
    #expect(YAMLFile([0xFF, 0xFE, 0x41, 0], path: "x").problems.map(\.what) == ["the file is not UTF-8"])
  }

  @Test(
    "nested beyond reason are refused, not overflowed by",
    arguments: [
      String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
      String(repeating: "? ", count: 100_000), String(repeating: "{a: ", count: 100_000),
    ])
  func depth(text: String) {
    #expect(read(text).problems.count == 1)
  }

  @Test("nested beyond reason by aliases of aliases are refused too")
  func depthOfAliases() {
    let lines = (0..<60).map { index in
      let inner = index == 0 ? "x" : "*a\(index - 1)"
      return "k\(index): &a\(index) " + String(repeating: "[", count: 990) + inner + String(repeating: "]", count: 990)
    }
    let file = read(lines.joined(separator: "\n"))
    #expect(file.problems.map(\.what) == ["the file is not valid YAML: it is nested more than 1000 levels deep"])
    #expect(file.problems.first?.line == 2)
  }

  @Test("take an alias for what it stands for, on that one's line, and the latest of a name")
  func aliases() {
    let file = read("clients:\n  a: &key sk-1\n  b: *key\n  c: &key sk-2\n  d: *key\n")
    guard case .group(let entries) = file.sections["clients"]?.node.content else { Issue.record("no group"); return }
    #expect(entries.map(\.value.line) == [2, 2, 4, 4])
    let texts = entries.map { if case .text(let text, _) = $0.value.content { text } else { "" } }
    #expect(texts == ["sk-1", "sk-1", "sk-2", "sk-2"])
    let holdsItself = read("kimi: &me {enabled: *me}").problems
    #expect(holdsItself.map(\.what) == ["the file is not valid YAML: found undefined alias"])
  }

  @Test("name each key that a group has twice, at the first of them in the alphabet, whatever its quotes")
  func duplicatesOfOneGroup() {
    let problems = read("kimi:\n  b: 1\n  a: 1\n  c: 1\n  'b': 2\n  a: 2\n").problems
    #expect(problems.map(\.key) == ["a", "b"])
    #expect(problems.map(\.line) == [3, 3])
  }
}
