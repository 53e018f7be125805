import Testing

@testable import WeirWire

@Suite("A model list that loses entries")
struct ModelListFilterTests {
  private func kept(_ text: String, _ ids: Set<String>) -> String? {
    let bytes = Array(text.utf8)
    let found = unsafe bytes.withUnsafeBytes {
      unsafe ModelListFilter.keeping(ids.contains, in: $0, json: JSONReader())
    }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "keeps every other byte",
    arguments: [
      (#"{"data":[{"id":"a"},{"id":"b"},{"id":"c"}],"x":1}"#, #"{"data":[{"id":"a"},{"id":"c"}],"x":1}"#),
      (#"{ "data": [ {"id":"b"} , {"n":1e2,"id":"a"} ] }"#, #"{ "data": [{"n":1e2,"id":"a"} ] }"#),
      (#"{"data":[{"id":"b"}]}"#, #"{"data":[]}"#), (#"{"data":[]}"#, #"{"data":[]}"#),
      (#"{"data":[{"name":"a"},{"id":"a"}, 5]}"#, #"{"data":[{"id":"a"}]}"#),
    ])
  func entries(text: String, expected: String) {
    #expect(kept(text, ["a", "c"]) == expected)
  }

  @Test("is nothing where there is no list", arguments: ["", "[]", "{}", #"{"data":{}}"#, #"{"data":[}"#])
  func others(text: String) {
    #expect(kept(text, []) == nil)
  }
}
