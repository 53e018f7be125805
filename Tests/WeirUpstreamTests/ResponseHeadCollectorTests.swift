import NIOCore
import Testing

@testable import WeirUpstream

@Suite("The head of a reply")
struct ResponseHeadCollectorTests {
  private typealias Step = ResponseHeadCollector.Step

  /// Feeds lines, each with its line end, and gives what each meant.
  private func feed(_ lines: [String], to collector: inout ResponseHeadCollector) -> [Step] {
    lines.map { line in
      let bytes = Array((line + "\r\n").utf8)
      return unsafe bytes.withUnsafeBytes { unsafe collector.line($0) }
    }
  }

  private func collector() -> ResponseHeadCollector { ResponseHeadCollector(allocator: ByteBufferAllocator()) }

  private func collected(_ lines: [String]) -> (steps: [Step], status: Int, fields: String) {
    var collector = collector()
    let steps = feed(lines, to: &collector)
    return (steps, collector.head.status, String(buffer: collector.head.fields))
  }

  private func isRefused(_ lines: [String]) -> Bool {
    if case .refuse = collected(lines).steps.last { return true }
    return false
  }

  @Test("is the status and the field lines as they came")
  func plain() {
    let head = collected(["HTTP/1.1 200 OK", "Content-Type: a/b", "X-Odd:  spaced \t", "x-empty:", ""])
    #expect(head.steps == [.more, .more, .more, .more, .head])
    #expect(head.status == 200)
    #expect(head.fields == "Content-Type: a/b\r\nX-Odd:  spaced \t\r\nx-empty:\r\n")
  }

  @Test(
    "has the status of whatever version and reason",
    arguments: [
      ("HTTP/2 204 ", 204), ("HTTP/2 200", 200), ("HTTP/1.0 404 Not Found", 404), ("HTTP/1.1 599", 599),
      ("HTTP/3 999 ?", 999), ("HTTP/1.1 200", 200),
    ])
  func status(line: String, status: Int) {
    #expect(collected([line, ""]).status == status)
    #expect(collected([line, ""]).steps == [.more, .head])
  }

  @Test("is the final one: informational heads and their fields are passed over")
  func informational() {
    let head = collected([
      "HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: </a>", "X-Hint: 1", "", "HTTP/1.1 201 Created",
      "Real: yes", "",
    ])
    #expect(head.steps == [.more, .more, .more, .more, .more, .more, .more, .more, .head])
    #expect(head.status == 201)
    #expect(head.fields == "Real: yes\r\n")
  }

  @Test("is over at its empty line: what follows are trailers, which go nowhere")
  func trailers() {
    var collector = collector()
    #expect(feed(["HTTP/1.1 200 OK", "A: 1", ""], to: &collector).last == .head)
    #expect(feed(["X-Trailer: 1", "HTTP/1.1 500 No", ""], to: &collector) == [.trailer, .trailer, .trailer])
    #expect(collector.head.status == 200)
    #expect(String(buffer: collector.head.fields) == "A: 1\r\n")
  }

  @Test("has folded lines made into one (RFC 9112, section 5.2)")
  func folding() {
    #expect(
      collected(["HTTP/1.1 200 OK", "A: one", "  two", "\t three", "B: 4", ""]).fields
        == "A: one two three\r\nB: 4\r\n")
    #expect(isRefused(["HTTP/1.1 200 OK", " folded"]))
    #expect(isRefused(["HTTP/1.1 103 Early Hints", "A: 1", "", "HTTP/1.1 200 OK", "\tfolded"]))
  }

  @Test("takes lines that end in a bare line feed")
  func bareLineFeed() {
    var collector = collector()
    for line in ["HTTP/1.1 200 OK\n", "A: 1\n", "\n"] {
      _ = unsafe Array(line.utf8).withUnsafeBytes { unsafe collector.line($0) }
    }
    #expect(collector.isComplete)
    #expect(String(buffer: collector.head.fields) == "A: 1\r\n")
  }

  @Test(
    "is refused when a line holds what another reader may take for a line end",
    arguments: ["A: b\rX: y", "A: b\u{0}c", "A: b\nX: y", "A\u{0}: b", "A: b\r"])
  func controlCharacters(line: String) {
    #expect(isRefused(["HTTP/1.1 200 OK", line]))
  }

  @Test("is refused when even a trailer holds such a character")
  func controlCharactersInTrailers() {
    #expect(isRefused(["HTTP/1.1 200 OK", "", "T: a\u{0}b"]))
  }

  @Test(
    "is refused when a line has no name, or one that is not a token",
    arguments: ["no colon", ": value", "a b: c", "a\t: c", "é: c", "a : c", "a\u{1}: c", "a\u{7F}: c"])
  func names(line: String) {
    #expect(isRefused(["HTTP/1.1 200 OK", line]))
  }

  @Test("is refused without a status line", arguments: ["A: 1", "HTTP/1.1: x", "ICY: 200"])
  func noStatus(line: String) {
    #expect(isRefused([line, ""]))
    #expect(isRefused([""]))
  }

  @Test("is refused beyond 256 KiB, informational heads and trailers included")
  func size() {
    let line = "X: " + String(repeating: "v", count: 1019)
    func steps(before: [String], after: [String]) -> [Step] {
      var collector = collector()
      var steps = feed(before, to: &collector)
      for _ in 0..<256 { steps += feed([line], to: &collector) }
      return steps + feed(after, to: &collector)
    }
    let refused = Step.refuse("the reply's head is larger than 256 KiB")
    #expect(steps(before: ["HTTP/1.1 200 OK"], after: []).last == refused)
    #expect(steps(before: ["HTTP/1.1 103 Hints"], after: ["", "HTTP/1.1 200 OK"]).last == refused)
    #expect(steps(before: ["HTTP/1.1 200 OK", ""], after: []).last == refused)
    var roomy = collector()
    let allowed = feed(["HTTP/1.1 200 OK"] + Array(repeating: line, count: 255) + [""], to: &roomy)
    #expect(allowed.last == .head)
  }
}
