import Testing

@testable import WeirWire

/// What comes out of a filter that is fed these parts.
private func filtered(
  _ parts: [ArraySlice<UInt8>], maximum: Int = 1 << 20, finishes: Bool = true,
  overlong: EventStreamFilter.Verdict = .pass, _ judge: (String?, String) -> EventStreamFilter.Verdict
) -> String {
  var filter = EventStreamFilter(maximumEventBytes: maximum)
  var out: [UInt8] = []
  func verdict(_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> EventStreamFilter.Verdict {
    let name = unsafe name.map { unsafe String(decoding: $0, as: UTF8.self) }
    return unsafe judge(name, String(decoding: data, as: UTF8.self))
  }
  for part in parts {
    unsafe part.withUnsafeBytes { bytes in
      unsafe filter.read(
        bytes, judge: { unsafe verdict($0, $1) }, overlong: { overlong }, emit: { unsafe out.append(contentsOf: $0) })
    }
  }
  if finishes {
    unsafe filter.finish(judge: { unsafe verdict($0, $1) }, emit: { unsafe out.append(contentsOf: $0) })
  }
  return String(decoding: out, as: UTF8.self)
}

private func whole(_ text: String) -> [ArraySlice<UInt8>] { [Array(text.utf8)[...]] }

@Suite("Event stream filter")
struct EventStreamFilterTests {
  @Test("what no rule is about goes out byte for byte, however it is split")
  func untouched() {
    var random = SeededGenerator(seed: 2026)
    let pieces = [
      "data: {\"a\":1}", "data:x", ": comment", "event: ping", "id: 7", "retry: 10", "", "\u{feff}", "data", "nonsense",
      "data: é😀", ":", "data: " + String(repeating: "y", count: 300),
    ]
    for _ in 0..<400 {
      var text = random.chance(30) ? "\u{feff}" : ""
      for _ in 0..<random.below(12) {
        text += random.pick(pieces) + random.pick(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\n\r", ""])
      }
      let bytes = Array(text.utf8)
      let maximum = random.pick([16, 1 << 20])
      #expect(filtered(random.split(bytes), maximum: maximum) { _, _ in .pass } == text, "\(text.debugDescription)")
    }
  }

  @Test("the same events are judged, and the same bytes go out, however the stream is split")
  func splits() {
    var random = SeededGenerator(seed: 7)
    for ending in ["\n", "\r\n", "\r"] {
      let lines = [
        "data: keep", "", ": c", "", "event: x", "data: drop", "", "data: swap", "data: 2", "", "data: keep", "",
      ]
      let text = lines.map { $0 + ending }.joined()
      let expected =
        ["data: keep", "", ": c", "", ""].joined(separator: ending) + "data: NEW\n\n" + "data: keep" + ending + ending
      for _ in 0..<100 {
        var seen: [StreamEvent] = []
        let out = filtered(random.split(Array(text.utf8))) { name, data in
          seen.append(StreamEvent(name: name, data: data))
          return data == "drop" ? .drop : data == "swap\n2" ? .replace(Array("data: NEW\n\n".utf8)) : .pass
        }
        // An empty line that closed a comment stands between events and stays where it was.
        #expect(out == expected, "\(ending.debugDescription)")
        #expect(
          seen == [
            .init(data: "keep"), .init(name: "x", data: "drop"), .init(data: "swap\n2"), .init(data: "keep"),
          ])
      }
    }
  }

  @Test("comments and empty lines between events do not wait for anything")
  func comments() {
    #expect(filtered(whole("\n: PROCESS"), finishes: false) { _, _ in .pass } == "\n: PROCESS")
    #expect(filtered(whole("data: 1\n\n: still"), finishes: false) { _, _ in .drop } == ": still")
    #expect(filtered(whole("data: 1\n: inside\n"), finishes: false) { _, _ in .pass } == "")
  }

  @Test("an event waits for its end")
  func held() {
    #expect(filtered(whole("data: 1\n"), finishes: false) { _, _ in .pass } == "")
    #expect(filtered(whole("data: 1\n\n"), finishes: false) { _, _ in .pass } == "data: 1\n\n")
  }

  @Test("an event without its closing empty line is judged at the stream's end")
  func unfinished() {
    #expect(filtered(whole("data: 1\n\ndata: 2")) { _, data in data == "2" ? .drop : .pass } == "data: 1\n\n")
    #expect(filtered(whole("data: 1\n\ndata: 2")) { _, _ in .pass } == "data: 1\n\ndata: 2")
  }

  @Test("a line without end is let go at the bound, and what follows is judged again")
  func overlong() {
    let long = "data: " + String(repeating: "x", count: 100)
    let text = long + long + "\n\ndata: a\n\n"
    var random = SeededGenerator(seed: 3)
    for _ in 0..<50 {
      let parts = random.split(Array(text.utf8))
      #expect(filtered(parts, maximum: 50) { _, data in data == "a" ? .drop : .pass } == long + long + "\n\n")
      #expect(filtered(parts, maximum: 50, overlong: .drop) { _, _ in .pass } == "data: a\n\n")
    }
  }

  @Test("says where an event of weir's own would stand by itself")
  func boundary() {
    for (text, isBoundary) in [
      ("", true), ("data: 1", true), ("data: 1\n\n", true), (": c", false), (": c\n", true),
      ("data: " + String(repeating: "x", count: 100), false),
    ] {
      var filter = EventStreamFilter(maximumEventBytes: 50)
      unsafe Array(text.utf8).withUnsafeBytes { bytes in
        unsafe filter.read(bytes, judge: { _, _ in .pass }, overlong: { .pass }, emit: { _ in })
      }
      #expect(filter.isAtEventBoundary == isBoundary, "\(text.prefix(20))")
    }
  }

  @Test("an event that the stream's end cut off is no place for another")
  func cutOff() {
    var filter = EventStreamFilter(maximumEventBytes: 1000)
    unsafe Array("data: {\"id".utf8).withUnsafeBytes { bytes in
      unsafe filter.read(bytes, judge: { _, _ in .pass }, overlong: { .pass }, emit: { _ in })
    }
    unsafe filter.finish(judge: { _, _ in .pass }, emit: { _ in })
    #expect(!filter.isAtEventBoundary)
  }
}
