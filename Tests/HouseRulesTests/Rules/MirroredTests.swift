/// Every step of the request's way has a file named after it and a test that mirrors the file.
enum MirroredTests {
  static let map = "Sources/WeirPolicy/RequestPath.swift"
  static let policy = "Sources/WeirPolicy/PolicySnapshot.swift"

  /// The types that the map's lines call, directly or as a part of the policy.
  static func steps(in map: SourceFile, policy: SourceFile?) throws -> Set<String> {
    let direct = try Pattern.capturing(#"\b([A-Z]\w*)\.[a-z]\w*\("#)
    var steps = Set(map.code.matches(of: direct).map { String($0.output.1) })
    let part = try Pattern.capturing(#"\bpolicy\.(\w+)\.\w+\("#)
    for match in map.code.matches(of: part) {
      let type = try Pattern.capturing(#"\b(?:let|var)\s+\#(match.output.1)\s*:\s*(\w+)"#)
      if let found = policy?.code.firstMatch(of: type) { steps.insert(String(found.output.1)) }
    }
    return steps
  }

  /// Steps without a file or without a test. A map without any step is a violation too: then this rule would
  /// have lost sight of them.
  static func violations(in map: SourceFile, among files: [SourceFile]) throws -> [Violation] {
    let steps = try steps(in: map, policy: files.first { $0.path == policy })
    guard !steps.isEmpty else { return [Violation(path: map.path, line: 1, what: "the map names no step")] }
    let folder = "Sources/WeirPolicy/"
    return steps.sorted().compactMap { step in
      guard
        let file = files.first(where: { $0.path.hasPrefix(folder) && $0.name == "\(step).swift" })
      else { return Violation(path: map.path, line: 1, what: "the step \(step) has no file of its name") }
      let place = file.path.dropFirst(folder.count).dropLast(".swift".count)
      let test = "Tests/WeirPolicyTests/\(place)Tests.swift"
      guard !files.contains(where: { $0.path == test && $0.code.contains("@Test") }) else { return nil }
      return Violation(path: file.path, line: 1, what: "the step has no test in \(test)")
    }
  }
}
