import Testing

/// A rule that finds nothing anywhere proves nothing: each is shown what it must find and what it must leave.
@Suite("The house rules' own detection")
struct DetectionTests {
  private func file(_ text: String, path: String = "Sources/WeirPolicy/X.swift") -> SourceFile {
    SourceFile(path: path, text: text)
  }

  @Test(
    "finds impure code",
    arguments: [
      "let a = Date()", "let a = Date(timeIntervalSince1970: 0)", "let a = ContinuousClock().now",
      "clock.now", "let a = .now",
      "Int.random(in: 0..<3)", "a.randomElement()", "a.shuffled()", "SystemRandomNumberGenerator()",
      "getenv(name)",
      "ProcessInfo.processInfo", "print(1)", "  print(1)", "debugPrint(1)",
      "let a = \"\\(Date())\"",
      "let a = \"\"\"\n  \\(f(\"x\", Date()))\n  \"\"\"",
    ])
  func impure(text: String) throws {
    #expect(try !ForbiddenWords.inPureTargets.violations(in: file(text)).isEmpty)
  }

  @Test(
    "leaves pure code, comments and literals alone",
    arguments: [
      "let update = update(now)", "// a comment on Date() and .now",
      "/* print(1) /* getenv() */ Date() */ let a = 1",
      "let a = \"Date() print(\"", "let a = #\"\"print(1)\" \\(Date())\"#", "let a = \"\\\"print(\"",
      "Int.random(in: 0..<3, using: &g)",
      "fingerprint(1)", ".nowhere", "validDate(1)", "let a = \"\"\"\n  print(\"x\") Date()\n  \"\"\"",
      "a.shuffled(using: &g)",
    ])
  func pure(text: String) throws {
    #expect(try ForbiddenWords.inPureTargets.violations(in: file(text)) == [])
  }

  @Test(
    "finds what ends the process",
    arguments: [
      "try! f()", "a as! B", "fatalError()", "fatalError(\"x\")", "let a = b!", "a!.b", "f()!", "a[0]!",
      "var a: Int!", "f(a!)",
      "a!,", "[a!]", "\"x\"!", "x = y! + 1", "{ a }!", "let a: [Int]!", "\"\\(a!)\"",
    ])
  func forced(text: String) throws {
    #expect(try ForbiddenWords.inSources.violations(in: file(text)).count == 1)
  }

  @Test(
    "leaves negations, comparisons and safe casts alone",
    arguments: [
      "if !a {}", "a != b", "a!=b", "(!a)", "[!a]", "try f()", "try? f()", "a as? B", "return !a",
      "#if !os(Linux)", "\"wow!\"",
      "// done!", "a && !b", "a !== b", "preconditionFailure()", "f { !$0.a }",
      "let a = \"try! fatalError() b!\"",
    ])
  func unforced(text: String) throws {
    #expect(try ForbiddenWords.inSources.violations(in: file(text)) == [])
  }

  @Test("finds work that is left, in comments too, and names the line")
  func unfinished() throws {
    let found = try ForbiddenWords.unfinished(in: file("let a = 1\n// FIXME: b\n/* TODO */"))
    #expect(Set(found.map(\.line)) == [2, 3])
    #expect(try ForbiddenWords.unfinished(in: file("let mastodon = \"TODOS\"")) == [])
  }

  @Test("finds readers of the environment")
  func environment() throws {
    for text in [
      "getenv(\"A\")", "unsafe environ", "ProcessInfo.processInfo.environment", "char *a = getenv(\"A\");",
    ] {
      #expect(try ForbiddenWords.ofTheEnvironment.violations(in: file(text)).count == 1)
    }
    #expect(
      try ForbiddenWords.ofTheEnvironment.violations(in: file("let environment = sources.environment")) == [])
  }

  @Test("finds names that say nothing")
  func names() throws {
    for text in [
      "final class CacheManager {", "enum StringUtils {", "struct TestHelper: Sendable {", "protocol Util {}",
    ] {
      #expect(try ForbiddenWords.inNames.violations(in: file(text)).count == 1)
    }
    #expect(try ForbiddenWords.inNames.violations(in: file("struct Utility {}\nlet manager = 1")) == [])
  }

  @Test(
    "finds imports beyond a target's list",
    arguments: [
      ("import Foundation", "WeirWire"), ("public import NIOCore", "WeirPolicy"),
      ("@preconcurrency import Glibc", "WeirMetrics"),
      ("  import Darwin", "WeirWire"), ("import struct Foundation.Date", "WeirPolicy"),
      ("import WeirMetrics", "WeirPolicy"),
      ("@_spi(X) internal import WeirProxy", "WeirWire"), ("import Foundation", "WeirProxy"),
      ("import FoundationEssentials", "WeirUpstream"),
      ("@unsafe @preconcurrency import Foundation", "WeirConfiguration"),
    ])
  func imports(text: String, target: String) throws {
    #expect(
      try Imports.violations(in: file("\n" + text, path: "Sources/\(target)/X.swift")).map(\.line) == [2])
  }

  @Test("leaves the imports of the list alone")
  func allowedImports() throws {
    let text = "import Synchronization\npublic import WeirWire\n// import Foundation\nlet important = 1"
    #expect(try Imports.violations(in: file(text)) == [])
    #expect(try Imports.violations(in: file("import NIOCore", path: "Sources/WeirProxy/X.swift")) == [])
    #expect(try Imports.violations(in: file("import Foundation", path: "Tests/WeirWireTests/X.swift")) == [])
  }
}
