import Testing
import WeirWire

@Suite("Members asked for by name")
struct MemberNamesTests {
  private func envelope(_ text: String, finding names: [String]) throws -> Envelope {
    try parse(Array(text.utf8), finding: MemberNames(names))
  }

  @Test("are found with the bytes of the value and what stands around the member, and others are not")
  func found() throws {
    let text = #" { "top_k" : 4 ,"model":"m", "x":{"top_k":5} }"#
    let envelope = try envelope(text, finding: ["x", "top_k", "absent", "model"])
    let bytes = Array(text.utf8)
    let first = try #require(envelope.member("top_k"))
    #expect(first.name == "top_k")
    #expect(String(decoding: bytes[first.value], as: UTF8.self) == "4")
    #expect(first.before == envelope.objectStart)
    #expect(bytes[first.after] == UInt8(ascii: ","))
    let last = try #require(envelope.member("x"))
    #expect(String(decoding: bytes[last.value], as: UTF8.self) == #"{"top_k":5}"#)
    #expect(bytes[last.before] == UInt8(ascii: ","))
    #expect(last.after == envelope.objectEnd)
    #expect(envelope.member("model")?.value == envelope.range(of: .model))
    #expect(envelope.member("absent") == nil)
    #expect(try parse(text).member("top_k") == nil)
  }

  @Test("are found by what their key means, whole names only")
  func spelling() throws {
    let body = #"{"t\u006fp_k":1,"top":2,"top_kk":3,"":4,"é":5}"#
    let envelope = try envelope(body, finding: ["top_k", "", "é", "p_k", "k"])
    let bytes = Array(body.utf8)
    func text(_ name: String) -> String? {
      envelope.member(name).map { String(decoding: bytes[$0.value], as: UTF8.self) }
    }
    #expect(text("top_k") == "1")
    #expect(text("") == "4")
    #expect(text("é") == "5")
    #expect(text("p_k") == nil)
    #expect(text("k") == nil)
  }

  @Test("may be named twice, or be none")
  func names() throws {
    #expect(MemberNames(["a", "b", "a"]) == MemberNames(["a", "b"]))
    #expect(MemberNames([]) == .none)
    #expect(try envelope(#"{"b":1}"#, finding: ["a", "b", "a"]).member("b") != nil)
    #expect(try envelope("{}", finding: ["a"]).member("a") == nil)
  }

  @Test("do not linger from one body to the next")
  func reuse() throws {
    let parser = EnvelopeParser()
    let names = MemberNames(["a", "b"])
    #expect(try parse(Array(#"{"a":1}"#.utf8), with: parser, finding: names).member("a") != nil)
    #expect(refusal(Array(#"{"a":1,"a":2}"#.utf8), with: parser)?.code == .duplicateKey)
    #expect(try parse(Array(#"{"b":1}"#.utf8), with: parser, finding: names).member("a") == nil)
    #expect(try parse(Array(#"{"b":1}"#.utf8), with: parser).member("b") == nil)
  }

  @Test("stand where they were written, over generated bodies")
  func property() throws {
    var generator = JSONGenerator(seed: 21)
    let parser = EnvelopeParser()
    for _ in 0..<2000 {
      let body = generator.body()
      let asked = body.members.map(\.name).filter { _ in generator.random.chance(50) }
      let envelope = try parse(body.text, with: parser, finding: MemberNames(asked.shuffled(using: &generator.random)))
      for (index, member) in body.members.enumerated() {
        guard asked.contains(member.name) else {
          #expect(envelope.member(member.name) == nil)
          continue
        }
        let found = try #require(envelope.member(member.name))
        #expect(found.value == member.range)
        let isFirst = index == 0
        #expect(body.text[found.before] == (isFirst ? UInt8(ascii: "{") : UInt8(ascii: ",")))
        #expect(body.text[found.before + 1..<body.keyStarts[index]].allSatisfy(isSpace))
        let isLast = index == body.members.count - 1
        #expect(body.text[found.after] == (isLast ? UInt8(ascii: "}") : UInt8(ascii: ",")))
        #expect(body.text[found.value.upperBound..<found.after].allSatisfy(isSpace))
      }
    }
  }

  private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
