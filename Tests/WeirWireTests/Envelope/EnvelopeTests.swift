import Testing
import WeirWire

@Suite("Envelope")
struct EnvelopeTests {
  private static let chat = """
     {"model":"kimi-k2","models":["a/b", 7, "c\\u002fd"], "stream" : true , "user":"u\\n1",
      "stream_options":{"x":[{"include_usage":false}],"include_usage":true},"safety_identifier":"s",
      "metadata":{"a":{"user_id":"no"},"user_id":"m1"},"n":1,"messages":[{"role":"user","content":"hi"}]}\n
    """

  @Test("tells the members decisions are made on")
  func members() throws {
    let envelope = try parse(Self.chat)
    #expect(envelope.model == "kimi-k2")
    #expect(envelope.hasModel)
    #expect(envelope.model != nil)
    #expect(envelope.isStream)
    #expect(envelope.user == "u\n1")
    #expect(envelope.safetyIdentifier == "s")
    #expect(envelope.metadataUserID == "m1")
    #expect(envelope.includesStreamUsage)
    #expect(!envelope.isEmpty)
    #expect(envelope.models.map(\.value) == ["a/b", "c/d"])
  }

  @Test("gives the byte range of each value, and of the object's braces")
  func ranges() throws {
    let bytes = Array(Self.chat.utf8)
    let envelope = try parse(bytes)
    func text(_ range: Range<Int>?) -> String? { range.map { String(decoding: bytes[$0], as: UTF8.self) } }
    #expect(text(envelope.range(of: .model)) == "\"kimi-k2\"")
    #expect(text(envelope.range(of: .stream)) == "true")
    #expect(text(envelope.range(of: .messages)) == #"[{"role":"user","content":"hi"}]"#)
    #expect(text(envelope.range(of: .n)) == "1")
    #expect(envelope.range(of: .tools) == nil)
    #expect(envelope.models.map { text($0.range) } == ["\"a/b\"", "\"c\\u002fd\""])
    #expect(bytes[envelope.objectStart] == UInt8(ascii: "{"))
    #expect(bytes[envelope.objectEnd] == UInt8(ascii: "}"))
    #expect(bytes[(envelope.objectEnd + 1)...].allSatisfy { $0 == 0x20 || $0 == 0x0a })
  }

  @Test(
    "finds every member by its name, in the order of the shim's table", arguments: EnvelopeMember.allCases)
  func everyMember(member: EnvelopeMember) throws {
    let envelope = try parse("{\"\(member.name)\":12}")
    #expect(EnvelopeMember.allCases.filter { envelope.range(of: $0) != nil } == [member])
  }

  @Test("recognises a member whose key is spelt with escapes")
  func escapedKey() throws {
    let envelope = try parse(#"{"mod\u0065l":"x","\u0073tream":true}"#)
    #expect(envelope.model == "x")
    #expect(envelope.isStream)
  }

  @Test("a model that is no string is there, but has no name")
  func modelKinds() throws {
    for value in ["1", "null", "[\"x\"]", "{}"] {
      let envelope = try parse("{\"model\":\(value)}")
      #expect(envelope.hasModel)
      #expect(envelope.model == nil)
      #expect(envelope.model == nil)
    }
    #expect(try parse("{}").hasModel == false)
  }

  @Test("only a literal true streams or asks for usage")
  func literalTrue() throws {
    for value in ["false", "null", "1", "\"true\"", "[true]"] {
      #expect(try !parse("{\"stream\":\(value)}").isStream)
      #expect(try !parse("{\"stream_options\":{\"include_usage\":\(value)}}").includesStreamUsage)
    }
    #expect(try !parse("{\"stream_options\":true}").includesStreamUsage)
  }

  @Test("an object without members is empty, with or without space in it")
  func empty() throws {
    for text in ["{}", "{ }", " \n{\t}\r\n"] { #expect(try parse(text).isEmpty) }
  }

  @Test("escapes in strings are undone, pairs joined, lone surrogates replaced")
  func unescaping() throws {
    let cases = [
      (#"\u00e9\ud83d\ude00"#, "é😀"), (#"a\ud800b"#, "a\u{fffd}b"), (#"\udc00\ud83d"#, "\u{fffd}\u{fffd}"),
      (#"\ud83d\u0041"#, "\u{fffd}A"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u0000"#, "\0"),
      (#"\ud83d\ud83d\ude00"#, "\u{fffd}😀"),
    ]
    for (written, meant) in cases { #expect(try parse("{\"model\":\"\(written)\"}").model == meant) }
  }

  @Test("one parser reads many bodies, small after large")
  func reuse() throws {
    let parser = EnvelopeParser()
    for size in [10, 3_000_000, 0, 70_000, 5] {
      let content = String(repeating: "x", count: size)
      let body = Array("{\"prompt\":\"\(content)\",\"model\":\"m\"}".utf8)
      let envelope = try parse(body, with: parser)
      #expect(envelope.range(of: .prompt)?.count == size + 2)
      #expect(envelope.model == "m")
      #expect(refusal(Array(body.dropLast()), with: parser)?.code == .invalidJSON)
    }
  }
}
