import Testing
import WeirWire

@Suite("Event stream reader")
struct EventStreamReaderTests {
  @Test(
    "reads what the standard's examples say",
    arguments: [
      ("data: a\n\n", [StreamEvent(data: "a")]),
      ("data:a\n\ndata: b\n\n", [.init(data: "a"), .init(data: "b")]),
      ("data: YHOO\ndata: +2\ndata: 10\n\n", [.init(data: "YHOO\n+2\n10")]),
      (
        ": c\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third",
        [.init(data: "first"), .init(data: "second")]
      ),
      ("data\n\ndata\ndata\n\ndata:", [.init(data: ""), .init(data: "\n")]),
      ("data:test\n\ndata: test\n\n", [.init(data: "test"), .init(data: "test")]),
      ("event: add\ndata: 1\n\n", [.init(name: "add", data: "1")]),
      ("event: add\nevent: remove\ndata: 1\n\n", [.init(name: "remove", data: "1")]),
      ("event: lost\n\ndata: 1\n\n", [.init(data: "1")]), ("event:\ndata: 1\n\n", [.init(data: "1")]),
      ("\u{feff}data: 1\n\n", [.init(data: "1")]), ("\u{feff}\u{feff}data: 1\n\n", []),
      ("data: \u{feff}1\n\n", [.init(data: "\u{feff}1")]), (" data: 1\n\n", []), ("data : 1\n\n", []),
      ("Data: 1\n\n", []), ("data:   x \n\n", [.init(data: "  x ")]),
      ("data: a:b: c\n\n", [.init(data: "a:b: c")]),
      ("\n\n\n\ndata: 1\n\n\n\n", [.init(data: "1")]), ("retry: 10\n\n", []),
      (": OPENROUTER PROCESSING\n\n", []),
      ("data: {\"a\":\"\u{2028}\"}\n\n", [.init(data: "{\"a\":\"\u{2028}\"}")]),
    ])
  func standard(text: String, expected: [StreamEvent]) {
    for ending in ["\n", "\r\n", "\r"] {
      let variant =
        ending == "\n"
        ? text
        : text.split(separator: "\n", omittingEmptySubsequences: false)
          .joined(separator: ending)
      #expect(events(in: variant) == expected)
    }
  }

  @Test("hands out an event at its end, not before, and says where it may be interrupted")
  func boundary() {
    for (text, count, isBoundary) in [
      ("", 0, true), ("data: 1", 0, false), ("data: 1\n", 0, false), ("data: 1\n\n", 1, true),
      (": c", 0, false),
      (": c\n", 0, true), ("event: x\n", 0, false), ("data: 1\r", 0, false), ("data: 1\r\r", 1, true),
      ("data: 1\r\n\r", 1, true), ("data: 1\n\nd", 1, false), ("\u{feff}", 0, true),
    ] {
      let result = events(in: [Array(text.utf8)[...]])
      #expect(result.events.count == count, "\(text.debugDescription)")
      #expect(result.isAtBoundary == isBoundary, "\(text.debugDescription)")
    }
  }

  @Test("skips an event above the bound to its end, and reads on")
  func bound() {
    let long = String(repeating: "x", count: 101)
    let fits = String(repeating: "x", count: 100)
    let after = StreamEvent(data: "1")
    func read(_ text: String) -> [StreamEvent] { events(in: text + "\ndata: 1\n\n", maximumEventBytes: 100) }
    #expect(read("data: \(fits)\n") == [StreamEvent(data: fits), after])
    #expect(read("data: \(long)\n") == [after])
    #expect(read("event: x\ndata: \(long)\ndata: y\n") == [after])
    #expect(read("data: \(fits)\ndata: y\n") == [after])
    #expect(read("data: y\nevent: \(long)\n") == [after])
    #expect(read(": \(long)\(long)\ndata: y\n") == [StreamEvent(data: "y"), after])
    #expect(read("data: y\n: \(long)\(long)\n") == [StreamEvent(data: "y"), after])
  }

  @Test("an endless line, in any pieces, is survived")
  func endless() {
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
    var parts: [ArraySlice<UInt8>] = [Array("data: ".utf8)[...]]
    for _ in 0..<50 { parts.append(piece[...]) }
    parts.append(Array("\n\ndata: 1\n\n".utf8)[...])
    let result = events(in: parts)
    #expect(result.events == [StreamEvent(data: "1")])
    #expect(result.isAtBoundary)
  }

  @Test("any split of the same bytes gives the same events")
  func splits() {
    var random = SeededGenerator(seed: 6)
    let lines = [
      "data: {\"a\":1}", "data: é😀", "data:", "data", "event: delta", "event", ": comment", ":", "", "", "",
      "",
      "", "", "", "", "", "", "data: 1", "data: 2", "data: 3", "data: 4",
      "id: 3", "unknown: field", "data: \(String(repeating: "y", count: 40))",
      "data: \(String(repeating: "z", count: 58))",
      "event: \(String(repeating: "n", count: 57))", "x: \(String(repeating: "w", count: 80))",
      ": \(String(repeating: "c", count: 200))", "data: \(String(repeating: "w", count: 63))", "\u{feff}",
    ]
    var total = 0
    for _ in 0..<5000 {
      var text = random.chance(20) ? "\u{feff}" : ""
      for _ in 0..<random.below(14) { text += random.pick(lines) + random.pick(["\n", "\r\n", "\r", "\n"]) }
      if random.chance(30) { text += random.pick(["data: cut", "\r", "ev", ":"]) }
      let bytes = Array(text.utf8)
      let whole = events(in: [bytes[...]], maximumEventBytes: 60)
      total += whole.events.count
      for _ in 0..<3 {
        let parts = events(in: random.split(bytes), maximumEventBytes: 60)
        #expect(parts == whole, "\(text.debugDescription)")
      }
    }
    #expect(total > 2000)
  }
}
