import Testing

@Suite("The detection of lengths")
struct LengthDetectionTests {
  private func violations(_ text: String) throws -> [Violation] {
    try Lengths.violations(in: SourceFile(path: "Sources/WeirPolicy/X.swift", text: text))
  }

  /// `head {`, so many lines of statements, `}`.
  private func function(_ head: String, statements: Int, reason: String? = nil) -> String {
    let lines = Array(repeating: "  a()", count: statements - (reason == nil ? 0 : 1))
    return ([head + " {"] + (reason.map { ["  " + $0] } ?? []) + lines + ["}"]).joined(separator: "\n") + "\n"
  }

  @Test(
    "finds functions of 71 lines, and leaves those of 70",
    arguments: [
      "func f()", "  public static func f<T>(a: T = g({ 1 }), b: [Int]) async throws -> T where T: P",
      "init?()", "init(a: Int)",
      "deinit", "subscript(a: Int) -> Int",
      "func f(\n  a: Int,\n  b: Int\n) throws(E) -> [Int: (Int) -> Void]",
      "static func == (a: A, b: A) -> Bool",
    ])
  func functions(head: String) throws {
    #expect(try violations(function(head, statements: 68)) == [])
    #expect(try violations(function(head, statements: 69)).count == 1)
  }

  @Test("takes a reason on the function's first line, and no other comment")
  func reason() throws {
    let long = 80
    #expect(
      try violations(function("func f()", statements: long, reason: "// Long because the table is one."))
        == [])
    #expect(try violations(function("func f()", statements: long, reason: "// Long.")).count == 1)
    #expect(try violations(function("func f()", statements: long, reason: "because()")).count == 1)
  }

  @Test("does not take a protocol's requirement, or a call, for a function's head")
  func heads() throws {
    let body = String(repeating: "  a()\n", count: 80)
    #expect(try violations("protocol P {\n  func f()\n  var a: Int { get }\n}\nstruct S {\n\(body)}\n") == [])
    #expect(try violations("struct S {\n  let a = T.init(1)\n  let b = { 1 }\n\(body)}\n") == [])
    #expect(try violations("struct S {\n// func f() {\n  let a = \"func f() {\"\n\(body)}\n") == [])
  }

  @Test("finds a long function among short ones, and names its line")
  func place() throws {
    let text =
      function("func a()", statements: 3) + function("func b()", statements: 100)
      + function("func c()", statements: 3)
    #expect(try violations(text).map(\.line) == [6])
  }

  @Test("finds files of 401 lines, unless their first line gives the reason")
  func files() throws {
    let lines = String(repeating: "let a = 1\n", count: 399)
    #expect(try violations("let a = 1\n" + lines) == [])
    #expect(try violations("let a = 1\nlet a = 1\n" + lines).count == 1)
    #expect(try violations("// A table.\nlet a = 1\n" + lines).count == 1)
    #expect(try violations("// Long because it is one table.\nlet a = 1\n" + lines) == [])
  }
}

@Suite("The reading of code")
struct CodeOnlyTests {
  @Test(
    "blanks comments and literals, and keeps code",
    arguments: [
      ("a // b", "a     "), ("a /* b /* c */ d */ e", "a                   e"), ("\"a\"", "\" \""),
      ("#\"a\"b\"#", " \"   \" "),
      ("\"\\(a)\"", "\" (a)\""), ("\"\\(f(\"x\"))y\"", "\" (f(\" \")) \""),
      ("#\"\\(a)\\#(b)\"#", " \"      (b)\" "),
      ("\"\"\"\n\"a\"\n\"\"\" b", "\"  \n   \n\"   b"), ("\"a\nb", "\" \nb"), ("\"\\\\\" a", "\"  \" a"),
      ("a / b", "a / b"),
    ])
  func code(text: String, expected: String) {
    #expect(CodeOnly.of(text) == expected)
  }
}
