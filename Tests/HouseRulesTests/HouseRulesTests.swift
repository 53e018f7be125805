import Testing

@Suite("The house rules hold")
struct HouseRulesTests {
  private static let tree = Result { try SourceTree.files() }

  private let files: [SourceFile]
  private var sources: [SourceFile] { files.filter(\.isSource) }
  private var swiftSources: [SourceFile] { sources.filter(\.isSwift) }

  init() throws {
    files = try HouseRulesTests.tree.get()
  }

  /// One issue a violation, so that the report names each place.
  private func expectNone(_ violations: [Violation]) {
    for violation in violations { Issue.record("\(violation)") }
  }

  @Test("for a tree that is really read: each pure target, and this very file, are in it")
  func tree() {
    for target in ["WeirMetrics", "WeirWire", "WeirPolicy"] {
      #expect(files.contains { $0.isPure && $0.target == target }, "no file of \(target)")
    }
    #expect(files.contains { $0.path == "Tests/HouseRulesTests/HouseRulesTests.swift" })
    #expect(files.allSatisfy { $0.lines.count == $0.codeLines.count })
  }

  @Test("pure targets read no clock and no environment, draw no randomness and print nothing")
  func purity() throws {
    let found = try files.filter(\.isPure).flatMap { try ForbiddenWords.inPureTargets.violations(in: $0) }
    expectNone(found)
  }

  @Test("pure targets import only what is pure, and the request path does without Foundation")
  func imports() throws {
    expectNone(try sources.flatMap { try Imports.violations(in: $0) })
  }

  @Test("nothing in the sources ends the process by force")
  func safety() throws {
    expectNone(try swiftSources.flatMap { try ForbiddenWords.inSources.violations(in: $0) })
  }

  @Test("no work is left for later")
  func unfinished() throws {
    expectNone(try sources.flatMap { try ForbiddenWords.unfinished(in: $0) })
  }

  @Test("only ProcessEnvironment.swift reads the environment")
  func environment() throws {
    let readers = sources.filter { $0.path != "Sources/WeirConfiguration/Files/ProcessEnvironment.swift" }
    #expect(readers.count == sources.count - 1)
    expectNone(try readers.flatMap { try ForbiddenWords.ofTheEnvironment.violations(in: $0) })
  }

  @Test("long functions and files say because of what")
  func lengths() throws {
    expectNone(try files.flatMap { try Lengths.violations(in: $0) })
  }

  @Test("types are named after concepts")
  func names() throws {
    expectNone(try files.filter(\.isSwift).flatMap { try ForbiddenWords.inNames.violations(in: $0) })
  }

  @Test("every step of the request's way has its file and its mirrored test")
  func steps() throws {
    let map = try #require(files.first { $0.path == MirroredTests.map })
    expectNone(try MirroredTests.violations(in: map, among: files))
  }

  @Test("the manifest sets every strict setting once, for every Swift target")
  func manifest() throws {
    let text = try #require(SourceTree.text("Package.swift"))
    expectNone(try PackageSettings.violations(in: SourceFile(path: "Package.swift", text: text)))
  }
}
