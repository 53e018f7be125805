import Testing
import WeirWire

@Suite("Putting entries into a model list")
struct ModelListSpliceTests {
  private func splice(_ text: String) -> ModelListSplice? {
    unsafe Array(text.utf8).withUnsafeBytes { unsafe ModelListSplice.read($0, json: JSONReader()) }
  }

  /// The list with the entries in it.
  private func spliced(_ text: String, _ entries: [String]) throws -> String {
    let found = try #require(splice(text))
    let bytes = Array(text.utf8)
    return String(
      decoding: bytes[..<found.offset] + Array(found.insertion(entries).utf8) + bytes[found.offset...],
      as: UTF8.self)
  }

  @Test(
    "leaves every byte of the upstream where it was, white space included",
    arguments: [
      (#"{"data":[{"id":"a"}]}"#, #"{"data":[{"id":"a"},{"id":"x"},{"id":"y"}]}"#),
      (
        "{ \"data\" : [\n  {\"id\": \"a\"} ,\n  {\"id\":\"b\"}\n] }\n",
        "{ \"data\" : [\n  {\"id\": \"a\"} ,\n  {\"id\":\"b\"},{\"id\":\"x\"},{\"id\":\"y\"}\n] }\n"
      ),
      (#"{"data":[],"links":{"next":null}}"#, #"{"data":[{"id":"x"},{"id":"y"}],"links":{"next":null}}"#),
      ("{\"object\":\"list\",\"data\":[ \n ]}", "{\"object\":\"list\",\"data\":[{\"id\":\"x\"},{\"id\":\"y\"} \n ]}"),
      (#"{"x":{"data":[1]},"data":[7]}"#, #"{"x":{"data":[1]},"data":[7,{"id":"x"},{"id":"y"}]}"#),
    ])
  func places(list: String, expected: String) throws {
    #expect(try spliced(list, [#"{"id":"x"}"#, #"{"id":"y"}"#]) == expected)
    #expect(try spliced(list, []) == list)
  }

  @Test("tells the ids, escapes undone, and passes over what has none")
  func ids() {
    let list = #"{"data":[{"id":"a/b"},{"id":7},{},3,null,[{"id":"in"}],{"name":"n","id":"c\u002fd"},{"id":null}]}"#
    #expect(splice(list)?.ids == ["a/b", "c/d"])
  }

  @Test("does not take a text without an end for a name")
  func longID() {
    let long = String(repeating: "a", count: 100_000)
    #expect(splice(#"{"data":[{"id":"\#(long)"},{"id":"b"}]}"#)?.ids == ["b"])
  }

  @Test(
    "is not tried on what is no list",
    arguments: [
      "", "{}", "[]", "null", #"{"data":{}}"#, #"{"data":"[]"}"#, #"{"data":null}"#, #"[{"data":[]}]"#,
      #"{"data":[{"id":"a"}"#, #"{"data":[]}x"#, "{\"data\":[\u{7}]}", "<html>",
    ])
  func noList(text: String) {
    #expect(splice(text) == nil)
  }

  @Test("ends with the bytes it was given")
  func bounds() {
    let text = Array(#"{"data":[{"id":"a"}]}, more"#.utf8)
    let whole = unsafe text[..<21].withUnsafeBytes { unsafe ModelListSplice.read($0, json: JSONReader()) }
    #expect(whole?.offset == 19)
    #expect(whole?.followsEntry == true)
    let cut = unsafe text[..<20].withUnsafeBytes { unsafe ModelListSplice.read($0, json: JSONReader()) }
    #expect(cut == nil)
  }
}
