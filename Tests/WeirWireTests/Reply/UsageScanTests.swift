import Testing

@testable import WeirWire

@Suite("The usage in a document that is too large to be read")
struct UsageScanTests {
  private func usage(_ text: String, inPartsOf size: Int = .max) -> String? {
    var scan = UsageScan()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      unsafe rest.prefix(size).withUnsafeBytes { unsafe scan.take($0) }
      rest = rest.dropFirst(size)
    }
    return scan.document.map { String(decoding: $0, as: UTF8.self) }
  }

  private static let said = #"{"a":{"b":"}\""},"c":[{}]}"#
  private static let long = String(repeating: #"QU\nJD\\"#, count: 12_000)

  @Test(
    "is found wherever it stands, in any parts",
    arguments: [
      #"{"data":"LONG", "usage" : SAID , "x":[]}"#, #"{"usage":SAID,"data":"LONG"}"#,
      #"{"a":["LONG",{"usage":{"b":1}}],"usage":SAID,"z":"LONG"}"#, #"data: {"usage":SAID,"z":"LONG"}"#,
      #"{"type":"response.completed","response":{"a":"LONG","usage":SAID,"metadata":{"usage":{}}},"n":7}"#,
      #"{"response":{"usage":{"a":1}},"response":{"usage":SAID}}"#,
    ], [1, 7, 4096, .max])
  func found(text: String, size: Int) {
    let text = text.replacing("SAID", with: Self.said).replacing("LONG", with: Self.long)
    #expect(usage(text, inPartsOf: size) == "{\"usage\":\(Self.said)}")
  }

  @Test("is the last one, and no text", arguments: [#"\"usage\":{\"a\":9}"#, #"\\\"usage\": {}"#, "usage"])
  func last(said: String) {
    #expect(usage(#"{"usage":{"a":1},"content":"\#(said)","usage":{"a":2}}"#) == #"{"usage":{"a":2}}"#)
    #expect(usage(#"{"usage":{"a":1},"content":"\#(said)"}"#) == #"{"usage":{"a":1}}"#)
  }

  @Test(
    "is none where there is none that is whole, or it is something else's",
    arguments: [
      "", "{}", "\"usage\"", "{\"usage\"", "{\"usage\":", "{\"usage\":null}", "{\"usage\":[{}]}", "{\"usage\":{\"a\":1",
      "{\"usage\":{\"a\":\"}}", "{\"choices\":[{\"usage\":{}}]}", "{\"a\":{\"usage\":{}}}", "[\"usage\",{}]",
      "{\"a\":\"usage\",\"b\":{}}", "{\"usages\":{}}", "{\"a\":{\"response\":{\"usage\":{}}}}",
    ], [1, .max])
  func none(text: String, size: Int) { #expect(usage(text, inPartsOf: size) == nil) }

  @Test("is no larger than a usage is")
  func bound() {
    let large = "{\"a\":\"" + String(repeating: "x", count: UsageScan.maximumBytes) + "\"}"
    #expect(usage("{\"usage\":\(large)}") == nil)
    #expect(usage("{\"usage\":\(large),\"usage\":{}}", inPartsOf: 1000) == "{\"usage\":{}}")
  }

  @Test("is found between any other members, in any spelling and parts", arguments: 0..<200 as Range<UInt64>)
  func amongOthers(seed: UInt64) {
    var json = JSONGenerator(seed: seed)
    func object(_ members: [(name: String, value: String)]) -> String {
      let texts = members.map { "\"\($0.name)\"\(json.space()):\(json.space())\($0.value)\(json.space())" }
      return "{\(json.space())\(texts.joined(separator: ",\(json.space())"))}"
    }
    func others() -> [(name: String, value: String)] {
      (0..<json.random.below(4)).map { (name: "member\($0)", value: json.value(depth: 4)) }
    }
    let said = object(others())
    let members = others() + [(name: "usage", value: said)] + others()
    let isInResponse = json.random.chance(50)
    let text = object(isInResponse ? others() + [(name: "response", value: object(members))] + others() : members)
    #expect(usage(text, inPartsOf: json.random.pick([1, 2, 5, .max])) == "{\"usage\":\(said)}")
  }
}
