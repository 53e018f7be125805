/// What the targets of the request path may import.
enum Imports {
  /// A pure target's whole surroundings: no sockets, no clocks, no files.
  private static let allowed: [String: Set<String>] = [
    "WeirMetrics": ["Synchronization"],
    "WeirWire": ["CWeirPatterns", "CWeirSchema", "CWeirSimdjson", "CWeirZlib", "Synchronization"],
    "WeirPolicy": ["WeirWire", "Crypto", "Synchronization"],
  ]

  /// Files that need the C library for one pure function of it.
  private static let exceptions: [String: Set<String>] = [
    // memchr and memmem, which are vectorised there.
    "Sources/WeirWire/EventStream/ByteSearch.swift": ["Glibc", "Musl", "Darwin"],
    // log and exp.
    "Sources/WeirPolicy/Anomalies/UsualLevel.swift": ["Glibc"],
  ]

  /// Targets on the request path that talk to the world, and yet not through Foundation: it costs start-up time,
  /// memory and allocations.
  private static let withoutFoundation: Set<String> = ["WeirProxy", "WeirUpstream", "WeirConfiguration"]

  static func violations(in file: SourceFile) throws -> [Violation] {
    guard file.isSource, file.isSwift else { return [] }
    var found: [Violation] = []
    for (module, line) in try modules(of: file) where !isAllowed(module, in: file) {
      found.append(Violation(path: file.path, line: line, what: "\(file.target) may not import \(module)"))
    }
    return found
  }

  private static func isAllowed(_ module: String, in file: SourceFile) -> Bool {
    if let modules = allowed[file.target] {
      return modules.contains(module) || exceptions[file.path]?.contains(module) == true
    }
    return !withoutFoundation.contains(file.target) || !module.hasPrefix("Foundation")
  }

  private static func modules(of file: SourceFile) throws -> [(module: String, line: Int)] {
    let regex = try Pattern.capturing(
      #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"#
        + #"(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)"#)
    return file.codeLines.enumerated().compactMap { index, line in
      line.firstMatch(of: regex).map { (String($0.output.1), index + 1) }
    }
  }
}
