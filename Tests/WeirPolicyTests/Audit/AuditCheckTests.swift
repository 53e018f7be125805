import Testing

@testable import WeirPolicy

@Suite("The check of an audit log")
struct AuditCheckTests {
  private func check(_ lines: [[UInt8]], lastIsCut: Bool = false) throws -> AuditCheck {
    var check = AuditCheck()
    for (index, line) in lines.enumerated() {
      try check.take(line[...], at: AuditCheck.Place(file: "audit.log", line: index + 1))
    }
    try check.finish(lastIsCut: lastIsCut)
    return check
  }

  /// The number of the line that breaks the chain.
  private func broken(_ lines: [[UInt8]]) -> Int? {
    do {
      _ = try check(lines)
      return nil
    } catch { return (error as? AuditCheck.Break)?.place.line }
  }

  @Test("passes what was written")
  func sound() throws {
    let check = try check(AuditLines.of(5).lines)
    #expect(check.lines == 5)
    #expect(check.end?.sequence == 5)
    #expect(check.torn.isEmpty)
  }

  @Test("finds every byte that was changed, in the line where it was")
  func everyByte() {
    let lines = AuditLines.of(3).lines
    for line in lines.indices {
      for index in lines[line].indices {
        var changed = lines
        changed[line][index] ^= 1
        // A digit of the hash itself may only show in the next line's link.
        #expect(broken(changed).map { $0 == line + 1 || $0 == line + 2 } == true, "line \(line) byte \(index)")
      }
    }
  }

  @Test("finds a line that was removed, doubled or moved")
  func removed() {
    let lines = AuditLines.of(4).lines
    #expect(broken([lines[0], lines[2], lines[3]]) == 2)
    #expect(broken([lines[0], lines[1], lines[1], lines[2]]) == 3)
    #expect(broken([lines[0], lines[2], lines[1], lines[3]]) == 2)
  }

  @Test("finds a line that was made anew although its own hash is right")
  func forged() {
    var lines = AuditLines.of(4).lines
    var other = AuditLines()
    other.add("refused", ",\"n\":0")
    other.add("refused", ",\"n\":7")
    lines[1] = other.lines[1]
    #expect(broken(lines) == 3)
  }

  @Test("begins where the files that are left begin")
  func laterFiles() throws {
    let check = try check(Array(AuditLines.of(4).lines.dropFirst(2)))
    #expect(check.first == 3)
    #expect(check.lines == 2)
  }

  @Test("takes a line that a crash cut off when weir says so after it")
  func torn() throws {
    var lines = AuditLines.of(2)
    let whole = lines.lines[1]
    lines.lines.append(Array(whole.prefix(40)))
    lines.add("recovered")
    lines.add("refused")
    let check = try check(lines.lines)
    #expect(check.torn == [AuditCheck.Place(file: "audit.log", line: 3)])
    #expect(check.lines == 4)
  }

  @Test("takes several lines that crashes cut off one after the other, when weir says so after them")
  func tornTwice() throws {
    var lines = AuditLines.of(2)
    let whole = lines.lines[1]
    lines.lines += [Array(whole.prefix(40)), Array(whole.prefix(3))]
    lines.add("recovered")
    #expect(try check(lines.lines).torn.map(\.line) == [3, 4])
  }

  @Test("takes the last line for one that is being written only where it has no end")
  func lastLine() throws {
    let lines = AuditLines.of(2).lines + [Array("{\"seq\":3,\"ti".utf8)]
    #expect(try check(lines, lastIsCut: true).torn.count == 1)
    #expect(broken(lines) == 3)
  }

  @Test("does not take foreign lines for crashes")
  func foreign() {
    var lines = AuditLines.of(2)
    lines.lines.append(Array("hello".utf8))
    lines.add("refused")
    #expect(broken(lines.lines) == 3)
    var twice = AuditLines.of(1)
    twice.lines.append(Array("hello".utf8))
    twice.lines.append(Array("hello".utf8))
    twice.add("recovered")
    #expect(broken(twice.lines) == 2)
  }

  @Test("reads any bytes without a crash")
  func anyBytes() {
    var generator = SplitMix64(seed: 7)
    let line = AuditLines.of(1).lines[0]
    for _ in 0..<2_000 {
      let start = Int.random(in: 0..<line.count, using: &generator)
      let end = Int.random(in: start...line.count, using: &generator)
      if start > 0 || end < line.count { #expect((try? AuditLine(line[start..<end])) == nil) }
    }
  }
}
