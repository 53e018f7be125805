import Testing
import WeirWire

@Suite("A body that is refused")
struct EnvelopeRefusalTests {
  private static let whole = """
    {"model":"k\\u00e9\\ud83d\\ude00","n":-1.5e+3,"a":[true,false,null,{"b":[]},"漢"],"stream":true,"x":{}}
    """

  @Test("is one cut off at any byte")
  func truncation() {
    let bytes = Array(Self.whole.utf8)
    let parser = EnvelopeParser()
    #expect(refusal(bytes, with: parser) == nil)
    for length in 0..<bytes.count {
      let code = refusal(Array(bytes[..<length]), with: parser)?.code
      #expect(code == .invalidJSON || code == .invalidUTF8, "cut at \(length)")
    }
  }

  @Test(
    "is one that breaks the grammar",
    arguments: [
      "", " ", "\u{feff}{}", "{", "}", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
      "{\"a\":1 \"b\":2}",
      "{\"a\":1}{", "{\"a\":1}}", "{\"a\":1} x", "{}{}", "{a:1}", "{'a':1}", "{\"a\":[1,]}", "{\"a\":[,1]}",
      "{\"a\":[1 2]}", "{\"a\"::1}", "{1:2}", "{null:1}", "{\"a\":01}", "{\"a\":-01}", "{\"a\":1.}",
      "{\"a\":.5}",
      "{\"a\":+1}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":-}", "{\"a\":0x10}", "{\"a\":1_0}", "{\"a\":1a}",
      "{\"a\":1\"b\"}", "{\"a\":NaN}", "{\"a\":nan}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"a\":True}",
      "{\"a\":tru}", "{\"a\":truee}", "{\"a\":nul}", "{\"a\":nullx}", "{\"a\":falsey}", "{\"a\":undefined}",
      "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u 123\"}",
      "{\"a\":\"\\U0041\"}",
      "{\"a\":\"\\'\"}", "{\"\\q\":1}", "{\"a\":\"x}", "{\"a\":\"\\\"}", "{\"a\":\"\n\"}", "{\"a\":\"\t\"}",
      "{\"a\":\"\u{0}\"}", "{\"a\":\"\u{1f}\"}", "{\"\u{7}\":1}", "{\"a\":1\u{c}}", "{\u{b}}",
      "{\"a\":\u{a0}1}",
      "/**/{}", "{}//", "{\"a\":1}\u{0}", "\u{0}{}", "{\"a\":\"b\"c}", "{\"a\":\"b\"\"c\"}", "tru", "01",
      "\"a",
      "{\"a\":1\u{1a}}", "{\"a\" 1}", "{\"a\":{\"b\":1,}}", "{\"a\":{\"b\"}}", "[1,2", "[1]]", "{\"a\":1;}",
    ])
  func grammar(text: String) {
    #expect(refusal(text)?.code == .invalidJSON)
  }

  @Test("is one with a bad escape anywhere in a long text that has good ones, and says at which byte")
  func escapesInLongText() {
    let parser = EnvelopeParser()
    for bad in ["\\x", "\\u00g0", "\\u12"] {
      for place in 0..<300 {
        var text = "{\"a\":\"\\n" + String(repeating: "x", count: place)
        for escape in ["\\\\", "\\u00e9", "\\\"", "\\ud83d\\ude00"] where place % 3 == 0 { text += escape }
        let rest = String(repeating: "y\\t", count: 100) + "\"}"
        let refused = refusal(Array((text + bad + rest).utf8), with: parser)
        #expect(refused?.code == .invalidJSON)
        #expect(refused?.offset == text.utf8.count)
        #expect(refusal(Array((text + rest).utf8), with: parser) == nil)
      }
    }
  }

  @Test("is one with bad UTF-8, inside strings and outside, and says at which byte")
  func encoding() {
    let bad: [[UInt8]] = [
      [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe], [0xe2, 0x28, 0xa1], [0xc3, 0x28],
    ]
    for bytes in bad {
      let inString = Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)
      #expect(refusal(inString)?.code == .invalidUTF8)
      #expect(refusal(inString)?.offset == 6)
      let inKey = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
      #expect(refusal(inKey)?.code == .invalidUTF8)
      #expect(refusal(Array("{}".utf8) + bytes)?.code == .invalidUTF8)
    }
    #expect(refusal([0xc3])?.code == .invalidUTF8)
  }

  @Test(
    "is valid JSON of another kind than an object", arguments: ["[]", "[{}]", "1", "\"a\"", "null", " true "])
  func notAnObject(text: String) {
    #expect(refusal(text)?.code == .notAnObject)
  }

  @Test("is one that nests deeper than 1024; 1024 is fine")
  func depth() {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
    }
    #expect(refusal(nested(1024)) == nil)
    #expect(refusal(nested(1025))?.code == .tooDeep)
    #expect(refusal(String(repeating: "[", count: 100_000))?.code == .tooDeep)
    #expect(refusal(String(repeating: "{\"a\":", count: 100_000))?.code == .tooDeep)
  }

  @Test(
    "is one with a top-level key twice, however it is spelt",
    arguments: [
      #"{"a":1,"a":2}"#, #"{"model":"x","mod\u0065l":"y"}"#, #"{"\u0061":1,"b":2,"\u0061":3}"#,
      #"{"é":1,"\u00e9":2}"#, #"{"😀":1,"\ud83d\uDE00":2}"#, #"{"":1,"":2}"#, #"{"a\/b":1,"a/b":2}"#,
    ])
  func duplicates(text: String) {
    #expect(refusal(text)?.code == .duplicateKey)
  }

  @Test("is not one whose keys differ in letter case or composition, or repeat only below the top")
  func noDuplicates() {
    for text in [
      #"{"a":1,"A":2}"#, #"{"é":1,"e\u0301":2}"#, #"{"x":{"a":1,"a":2},"a":3}"#, #"{"a":1,"a ":2}"#,
    ] {
      #expect(refusal(text) == nil)
    }
  }

  @Test("is found among many keys, and a flood of keys is refused")
  func manyKeys() {
    let keys = (0..<10_000).map { "\"k\($0)\":0" }
    #expect(refusal("{\(keys.joined(separator: ","))}") == nil)
    #expect(refusal("{\(keys.dropLast().joined(separator: ",")),\"\\u006b77\":1}")?.code == .duplicateKey)
    #expect(refusal("{\(keys.joined(separator: ",")),\"one more\":1}")?.code == .tooLarge)
  }

  @Test("is told in words that hold nothing of the body but a short doubled key")
  func words() {
    #expect(
      refusal(#"{"a":1,"a":2}"#)?.reason
        == #"The body has the member "a" twice, which two parsers may read differently (at byte 7)."#)
    let long = String(repeating: "k", count: 65)
    #expect(refusal("{\"\(long)\":1,\"\(long)\":2}")?.reason.contains("kkk") == false)
    #expect(refusal("{\"\\n\":1,\"\\n\":2}")?.reason.contains("\n") == false)
    #expect(
      refusal(#"{"secret":"hunter2","x":}"#)?.reason
        == "The body is not valid JSON: an unexpected character (at byte 24).")
    #expect(refusal("")?.reason == "The body is not valid JSON: it is empty (at byte 0).")
  }
}
