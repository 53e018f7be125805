/// Functions of at most 70 lines and files of at most 400, unless their first line says because of what.
enum Lengths {
  static let longestFunction = 70
  static let longestFile = 400

  static func violations(in file: SourceFile) throws -> [Violation] {
    try longFile(file) + longFunctions(file)
  }

  private static func longFile(_ file: SourceFile) -> [Violation] {
    // The last line's end begins no further line.
    let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    guard count > longestFile, !givesReason(file.lines.first) else { return [] }
    return [Violation(path: file.path, line: 1, what: "the file has \(count) lines and gives no reason")]
  }

  private static func longFunctions(_ file: SourceFile) throws -> [Violation] {
    guard file.isSwift else { return [] }
    let code = Array(file.code.utf8)
    let lines = file.lines
    return try functionBodies(file.code, code).compactMap { body in
      let first = lineNumber(of: body.lowerBound, in: code)
      let count = lineNumber(of: body.upperBound, in: code) - first + 1
      let reason = lines.indices.contains(first) ? lines[first] : nil
      guard count > longestFunction, !givesReason(reason) else { return nil }
      return Violation(
        path: file.path, line: first, what: "a function has \(count) lines and gives no reason")
    }
  }

  private static func givesReason(_ line: Substring?) -> Bool {
    guard let line = line?.drop(while: { $0 == " " }) else { return false }
    return line.hasPrefix("//") && line.lowercased().contains("because")
  }

  /// From the opening brace to the closing one, of functions, initialisers, deinitialisers and subscripts.
  private static func functionBodies(_ text: String, _ code: [UInt8]) throws -> [ClosedRange<Int>] {
    // A call of an initialiser comes after a dot; a declaration does not.
    let declaration = try Pattern.matching(
      #"(?:^|[^.\w])(?:func\s+[^\s(<]+|init[?!]?\s*(?=[(<])|deinit\b|subscript\s*(?=[(<]))"#)
    return text.matches(of: declaration).compactMap { match in
      body(in: code, from: text.utf8.distance(from: text.startIndex, to: match.range.upperBound))
    }
  }

  /// The braces after a declaration's head; nil for a protocol's requirement, which has none.
  private static func body(in code: [UInt8], from start: Int) -> ClosedRange<Int>? {
    var nesting = 0
    var position = start
    while position < code.count {
      switch code[position] {
      case UInt8(ascii: "("), UInt8(ascii: "["): nesting += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): nesting -= 1
      case UInt8(ascii: "{") where nesting == 0:
        return closingBrace(in: code, from: position).map { position...$0 }
      case UInt8(ascii: "}") where nesting == 0: return nil
      case 0x0A where nesting == 0 && beginsDeclaration(code[(position + 1)...]): return nil
      default: break
      }
      position += 1
    }
    return nil
  }

  private static func closingBrace(in code: [UInt8], from start: Int) -> Int? {
    var depth = 0
    for position in start..<code.count {
      if code[position] == UInt8(ascii: "{") { depth += 1 }
      if code[position] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return position }
    }
    return nil
  }

  private static func beginsDeclaration(_ code: ArraySlice<UInt8>) -> Bool {
    let line = code.drop { $0 == 0x20 }
    return [
      "func ", "var ", "let ", "init", "static ", "mutating ", "associatedtype ", "subscript", "public ",
    ]
    .contains { line.starts(with: $0.utf8) }
  }

  private static func lineNumber(of position: Int, in code: [UInt8]) -> Int {
    code[..<position].count { $0 == 0x0A } + 1
  }
}
