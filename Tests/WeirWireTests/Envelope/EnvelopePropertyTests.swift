import Testing
import WeirWire

@Suite("Over generated bodies")
struct EnvelopePropertyTests {
  @Test("each member's range is where it was written")
  func ranges() throws {
    var generator = JSONGenerator(seed: 1)
    let parser = EnvelopeParser()
    for _ in 0..<4000 {
      let body = generator.body()
      let envelope = try parse(body.text, with: parser)
      for member in EnvelopeMember.allCases {
        let written = body.members.first { $0.name == member.name }?.range
        #expect(envelope.range(of: member) == written)
      }
      #expect(envelope.isEmpty == body.members.isEmpty)
      #expect(body.text[envelope.objectStart] == UInt8(ascii: "{"))
      #expect(envelope.objectEnd == body.text.lastIndex(of: UInt8(ascii: "}")))
    }
  }

  @Test("a byte changed, lost, doubled or cut is judged as a plain validator judges it")
  func mutation() {
    var generator = JSONGenerator(seed: 2)
    let parser = EnvelopeParser()
    let alphabet = Array("{}[]:,\"\\ \n\t01.eE+-tfnu".utf8) + [0x00, 0x0c, 0x1a, 0x7f, 0x80, 0xc3, 0xff]
    var accepted = 0
    for _ in 0..<30_000 {
      var text = generator.body().text
      for _ in 0...generator.random.below(2) where !text.isEmpty {
        let place = generator.random.below(text.count)
        switch generator.random.below(4) {
        case 0: text[place] = generator.random.pick(alphabet)
        case 1: text.remove(at: place)
        case 2: text.insert(generator.random.pick(alphabet), at: place)
        default: text.removeSubrange(place...)
        }
      }
      let code = refusal(text, with: parser)?.code
      let valid = code == nil || code == .duplicateKey || code == .notAnObject
      accepted += valid ? 1 : 0
      #expect(valid == ReferenceJSON.accepts(text), "\(String(decoding: text, as: UTF8.self))")
    }
    // Both verdicts must be common, or the comparison proves little.
    #expect(accepted > 3000 && accepted < 27_000)
  }

  @Test("a document of tokens drawn at random is judged as a plain validator judges it")
  func tokenSoup() {
    var random = SeededGenerator(seed: 3)
    let parser = EnvelopeParser()
    let tokens = [
      "{", "}", "[", "]", ":", ",", "\"\"", "\"a\"", "\"\\n\"", "1", "-0", "1.5", "true", "null", " ", "\"",
      "\\", "0",
      "e1",
    ]
    for _ in 0..<40_000 {
      let text = Array((0..<1 + random.below(9)).map { _ in random.pick(tokens) }.joined().utf8)
      let code = refusal(text, with: parser)?.code
      let valid = code == nil || code == .duplicateKey || code == .notAnObject
      #expect(valid == ReferenceJSON.accepts(text), "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test("no byte beyond the body is read, whole or cut off")
  func bounds() throws {
    var generator = JSONGenerator(seed: 12)
    let parser = EnvelopeParser()
    let json = JSONReader()
    for _ in 0..<300 {
      let text = generator.body().text
      let end = generator.random.chance(50) ? text.count : generator.random.below(text.count + 1)
      let guarded = try #require(GuardedBytes(Array(text[..<end])))
      let envelope = unsafe try? parser.parse(guarded.bytes)
      #expect((envelope != nil) == (refusal(Array(text[..<end])) == nil))
      var meter = ReplyMeter(endpoint: .chatCompletions, isEventStream: true, json: json)
      let event = try #require(
        GuardedBytes(Array("data: ".utf8) + text[..<end].filter { $0 != 0x0a && $0 != 0x0d }))
      unsafe meter.read(event.bytes)
      meter.finish()
      #expect(!meter.reading.sawEndMarker)
    }
  }
}
