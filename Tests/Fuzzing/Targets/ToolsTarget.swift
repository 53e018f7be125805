import WeirWire

/// A reply's tool calls are held against the schemas of the request, both from outside. The input is a line of
/// arguments, then the tools: `ToolJudge` ends, says the same twice, and names only what the request offered.
enum ToolsTarget {
  static func check(_ bytes: [UInt8]) throws(Finding) {
    let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    let arguments = Array(parts[0])
    let calls = [
      CollectedToolCall(name: "f", arguments: arguments), CollectedToolCall(name: "g", arguments: arguments),
      CollectedToolCall(name: "", arguments: arguments, isWhole: false),
    ]
    for tools in [Array(parts[1]), offering(parts[1])] {
      var judge = ToolJudge()
      let verdicts = judge.judge(calls, tools: tools)
      try expect(verdicts.count == calls.count, "a call has no verdict")
      try expect(verdicts == judge.judge(calls, tools: tools), "the second verdict differs")
      for verdict in verdicts {
        try expect(verdict.tool.map { ["f", "g"].contains($0) } ?? true, "a name is told that nobody called")
        let isMismatch = verdict.result == .schemaMismatch
        try expect(isMismatch || verdict.path == nil, "a violation is placed where there is none")
        if verdict.result == .valid {
          try expect(CanonicalTarget.canonical(arguments)?.first == UInt8(ascii: "{"), "valid, and yet no JSON object")
        }
      }
    }
  }

  /// The rest of the input as the schema of a tool `f`.
  private static func offering(_ schema: ArraySlice<UInt8>) -> [UInt8] {
    Array(#"[{"type":"function","function":{"name":"f","parameters":"#.utf8) + schema + Array("}}]".utf8)
  }
}
