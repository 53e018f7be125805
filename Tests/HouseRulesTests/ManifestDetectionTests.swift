import Testing

@Suite("The detection of loose manifests and missing tests")
struct ManifestDetectionTests {
  private let manifest = """
    let strict: [SwiftSetting] = [
      .swiftLanguageMode(.v6),
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .strictMemorySafety(),
      .treatAllWarnings(as: .error),
    ]
    .package(url: "https://example.com/a", exact: "1.0.0"),
    .target(name: "CWeirCurl", cSettings: c),
    .target(name: "WeirWire", dependencies: ["CWeirCurl"], swiftSettings: strict),
    .testTarget(
      name: "WeirWireTests", dependencies: ["WeirWire"], swiftSettings: strict),
    """

  private func violations(_ text: String) throws -> [String] {
    try PackageSettings.violations(in: SourceFile(path: "Package.swift", text: text)).map(\.what)
  }

  @Test("accepts the manifest as it should be")
  func whole() throws {
    #expect(try violations(manifest) == [])
  }

  @Test(
    "finds a setting that is missing, commented out or given twice",
    arguments: [
      ".swiftLanguageMode(.v6)", ".enableUpcomingFeature(\"ExistentialAny\")", ".strictMemorySafety()",
      ".treatAllWarnings(as: .error)", ".enableUpcomingFeature(\"MemberImportVisibility\")",
    ])
  func settings(setting: String) throws {
    #expect(try violations(manifest.replacing(setting, with: "")).count == 1)
    #expect(try violations(manifest.replacing("  " + setting, with: "  // " + setting)).count == 1)
    #expect(try violations(manifest + "\n" + setting).count == 1)
  }

  @Test("finds a misspelt feature")
  func feature() throws {
    let found = try violations(manifest + "\n.enableUpcomingFeature(\"ExistentialAnny\")")
    #expect(found == ["ExistentialAnny is not a known upcoming feature"])
    #expect(try violations(manifest + "\n.enableExperimentalFeature( \"Nonsense\")").count == 1)
  }

  @Test("finds a Swift target without the settings")
  func targets() throws {
    let loose = manifest.replacing(
      "dependencies: [\"WeirWire\"], swiftSettings: strict", with: "dependencies: [\"WeirWire\"]")
    #expect(try violations(loose) == ["the target WeirWireTests lacks swiftSettings: strict"])
    let first = manifest.replacing("[\"CWeirCurl\"], swiftSettings: strict", with: "[\"CWeirCurl\"]")
    #expect(try violations(first) == ["the target WeirWire lacks swiftSettings: strict"])
  }

  private let map = SourceFile(
    path: MirroredTests.map,
    text:
      "// Ghost.walk(now)\nexchange.a = try ReadModel.read(b)\nexchange.c = policy.clients.identify(d)\nexchange.e = f(now)"
  )
  private let policy = SourceFile(
    path: MirroredTests.policy, text: "public let clients: ClientDirectory\nlet b: Int")
  private func step(_ path: String) -> SourceFile { SourceFile(path: "Sources/WeirPolicy/\(path)", text: "") }
  private func test(_ path: String, text: String = "@Test func a() {}") -> SourceFile {
    SourceFile(path: "Tests/WeirPolicyTests/\(path)", text: text)
  }

  @Test("sees the steps that the map calls, directly and as parts of the policy")
  func steps() throws {
    #expect(try MirroredTests.steps(in: map, policy: policy) == ["ReadModel", "ClientDirectory"])
  }

  @Test("finds a step without a file, without a test, or with a test that tests nothing")
  func mirrors() throws {
    let files = [policy, step("Models/ReadModel.swift"), step("Clients/ClientDirectory.swift")]
    let tests = [test("Models/ReadModelTests.swift"), test("Clients/ClientDirectoryTests.swift")]
    func found(_ files: [SourceFile]) throws -> Int {
      try MirroredTests.violations(in: map, among: files).count
    }
    #expect(try found(files + tests) == 0)
    #expect(try found(files + tests.dropLast()) == 1)
    #expect(try found(files + [tests[0], test("ClientDirectoryTests.swift")]) == 1)
    #expect(try found(files + [tests[0], test("Clients/ClientDirectoryTests.swift", text: "// @Test")]) == 1)
    #expect(try found(Array(files.dropLast()) + tests) == 1)
    let empty = SourceFile(path: MirroredTests.map, text: "let a = 1")
    #expect(
      try MirroredTests.violations(in: empty, among: files + tests).map(\.what) == ["the map names no step"])
  }
}
