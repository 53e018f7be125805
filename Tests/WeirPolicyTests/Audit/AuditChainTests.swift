import Testing

@testable import WeirPolicy

/// Lines that the chain makes, as a reader sees them.
struct AuditLines {
  var chain = AuditChain.start
  var lines: [[UInt8]] = []

  mutating func add(_ event: String, _ rest: String = "") {
    lines.append(
      chain.append(members: Array("\"time\":\"2026-11-21T07:30:24.123Z\",\"event\":\"\(event)\"\(rest)".utf8)))
  }

  static func of(_ count: Int) -> AuditLines {
    var lines = AuditLines()
    for index in 0..<count { lines.add("refused", ",\"n\":\(index)") }
    return lines
  }
}

@Suite("The audit chain")
struct AuditChainTests {
  @Test("makes lines whose hash covers all before it, the link included")
  func line() throws {
    var lines = AuditLines()
    lines.add("started")
    let text = String(decoding: lines.lines[0], as: UTF8.self)
    let covered =
      #"{"seq":1,"time":"2026-11-21T07:30:24.123Z","event":"started","prev":""# + String(repeating: "0", count: 64)
      + "\""
    #expect(text == covered + #","hash":""# + AuditDigest.hex(covered) + #""}"#)
  }

  @Test("can be taken up from the line that was written last")
  func takenUp() throws {
    var lines = AuditLines.of(3)
    let last = try AuditLine(lines.lines[2][...])
    lines.chain = AuditChain(after: last)
    lines.add("stopped")
    #expect(try AuditLine(lines.lines[3][...]).sequence == 4)
    #expect(try AuditLine(lines.lines[3][...]).previous == last.hash)
  }

  @Test("knows a line that tells of a crash by its event, not by a text that looks like one")
  func recovery() throws {
    var lines = AuditLines()
    lines.add("recovered")
    lines.add("refused", #","reason":"\",\"event\":\"recovered\"""#)
    #expect(try AuditLine(lines.lines[0][...]).isRecovery)
    #expect(try !AuditLine(lines.lines[1][...]).isRecovery)
  }

  @Test("hashes as FIPS 180-4 says")
  func digest() {
    #expect(
      AuditDigest.hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(AuditDigest.user("abc") == "sha256:ba7816bf8f01cfea")
  }
}
