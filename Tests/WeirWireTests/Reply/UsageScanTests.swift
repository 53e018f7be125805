import Testing

@testable import WeirWire

@Suite("The usage at the end of a large body")
struct UsageTailTests {
  private func usage(_ text: String, inPartsOf size: Int = .max) -> String? {
    var tail = UsageTail()
    let bytes = Array(text.utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      unsafe rest.prefix(size).withUnsafeBytes { unsafe tail.take($0) }
      rest = rest.dropFirst(size)
    }
    return tail.document.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("is found behind any content, in any parts", arguments: [1, 7, 4096, 100_000, .max])
  func found(size: Int) {
    let said = #"{"a":{"b":"}\""}}"#
    let text = #"{"data":""# + String(repeating: "QUJD", count: 30_000) + "\",\n \"usage\" : \(said) , \"x\":[]}\n"
    #expect(usage(text, inPartsOf: size) == "{\"usage\":\(said)}")
  }

  @Test("is the last one, and no text", arguments: [#"\"usage\":{\"a\":9}"#, #"\\\"usage\": {}"#])
  func last(said: String) {
    #expect(usage(#"{"usage":{"a":1},"content":"\#(said)","usage":{"a":2}}"#) == #"{"usage":{"a":2}}"#)
    #expect(usage(#"{"usage":{"a":1},"content":"\#(said)"}"#) == #"{"usage":{"a":1}}"#)
  }

  @Test(
    "is none where the end has none that is whole",
    arguments: [
      "", "{}", "\"usage\"", "{\"usage\"", "{\"usage\":", "{\"usage\":null}", "{\"usage\":[{}]}", "{\"usage\":{\"a\":1",
      "{\"usage\":{\"a\":\"}}",
    ])
  func none(text: String) { #expect(usage(text) == nil) }

  @Test("is not looked for beyond the bound")
  func bound() {
    #expect(usage(#"{"usage":{"a":1},"# + String(repeating: " ", count: 40_000)) == nil)
  }
}
