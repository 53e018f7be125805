import Testing

@testable import WeirPolicy

@Suite("Head lines from a store")
struct SafeHeadLinesTests {
  private func areSafe(_ text: String, encoding: String? = nil) -> Bool {
    SafeHeadLines.areSafe(Array(text.utf8)[...], contentEncoding: encoding)
  }

  @Test(
    "pass where they are lines of a reply",
    arguments: ["", "content-type: text/plain\r\n", "x:\r\n", "A-b_c: d e\tf\r\nx: é\r\n", "x: a:b\r\n"])
  func pass(text: String) { #expect(areSafe(text)) }

  @Test(
    "are refused where they could end the head, speak of the framing, or are none",
    arguments: [
      "x: y", "x: y\n", "x: y\r", "\r\n", "x: y\r\n\r\n", ": y\r\n", "x y: z\r\n", "x : z\r\n", "x: \0\r\n",
      "x: a\nb\r\n", "x: a\rb\r\n", "Content-Length: 3\r\n", "transfer-encoding: chunked\r\n", "Connection: close\r\n",
      "set-cookie: a=b\r\n", "x-weir-cache: hit\r\n", "Age: 3\r\n", "content-encoding: gzip\r\n", "é: a\r\n",
    ])
  func refused(text: String) { #expect(!areSafe(text)) }

  @Test("say of the coding what the description says, once")
  func coding() {
    #expect(areSafe("Content-Encoding:  BR \r\n", encoding: "br"))
    #expect(!areSafe("content-type: a\r\n", encoding: "br"))
    #expect(!areSafe("content-encoding: br\r\ncontent-encoding: br\r\n", encoding: "br"))
  }

  @Test("have a bound")
  func bound() {
    let line = "x: " + String(repeating: "y", count: 1000) + "\r\n"
    #expect(areSafe(String(repeating: line, count: 60)))
    #expect(!areSafe(String(repeating: line, count: 70)))
  }
}
