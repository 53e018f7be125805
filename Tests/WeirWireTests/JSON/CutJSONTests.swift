import Testing

@testable import WeirWire

@Suite("A JSON text that was cut off")
struct CutJSONTests {
  private static let texts = [
    #"{}"#, #"{"a":{}}"#, #" { "a" : [ ] , "b" : { "c" : [ 1 , [ ] , { } ] } } "#,
    #"{"a":-12.5e+10,"b":0.5E-3,"c":[true,false,null]}"#,
    #"{"text":"He\"l\\lo \u00e9\ud83d\ude00\n","\u0061é":"é€😀\#u{0800}\#u{FFFD}\#u{10000}\#u{40000}\#u{10FFFF}\#u{D7FF}"}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
  ]

  @Test("can be ended at every byte, and takes members then", arguments: texts)
  func everyByte(text: String) {
    let bytes = Array(text.utf8)
    let start = (bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0) + 1
    let end = bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
    for count in start...end {
      var whole = Array(bytes[..<count])
      guard case .inObject(let closing, let needsComma) = CutJSON(whole) else {
        Issue.record("\(count) bytes of \(text)")
        continue
      }
      whole += closing
      whole += Array(((needsComma ? "," : "") + #""error":1}"#).utf8)
      #expect(String(validating: whole, as: UTF8.self) != nil, "\(count) bytes of \(text)")
      #expect(ReferenceJSON.accepts(whole), "\(String(decoding: whole, as: UTF8.self))")
    }
    #expect(CutJSON(bytes) == .whole)
  }

  @Test(
    "is left alone where it is no object's beginning",
    arguments: [
      "", " ", "[DO", "[", "[1", "12", "\"text", "tru", "hello", "{a", #"{"a"b"#, #"{"a":tru1"#, #"{"a":1,,"#, "{,",
      #"{"a":]"#, #"{"a":[}"#, "}", #"{"a":1}x"#, "{\"a\u{01}",
    ])
  func other(text: String) {
    #expect(CutJSON(Array(text.utf8)) == .other)
  }
}
