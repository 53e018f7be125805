import Testing
import WeirPolicy

@Suite("A trace context")
struct TraceContextTests {
  private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00f067aa0ba902b7"

  @Test(
    "is read from a valid traceparent, of a later version too",
    arguments: [
      "00-\(id)-\(parent)-01", "00-\(id)-\(parent)-00", "00-\(id)-\(parent)-ff", "cc-\(id)-\(parent)-01",
      "cc-\(id)-\(parent)-01-what-the-future-brings",
    ])
  func valid(value: String) { #expect(TraceContext(value)?.traceID == Self.id) }

  @Test(
    "is none where the value is not valid",
    arguments: [
      "", "00", "garbage", "ff-\(id)-\(parent)-01", "00-\(id)-\(parent)-01-more", "00-\(id)-\(parent)-1",
      "00-\(id)-\(parent)", "00-00000000000000000000000000000000-\(parent)-01", "00-\(id)-0000000000000000-01",
      "00-\(id.uppercased())-\(parent)-01", "00_\(id)-\(parent)-01", "00-\(id)-\(parent)_01", "cc-\(id)-\(parent)-01x",
      "0g-\(id)-\(parent)-01", "00-\(id)-\(parent)-0x", "00-" + String(repeating: "é", count: 40),
    ])
  func invalid(value: String) { #expect(TraceContext(value) == nil) }

  @Test("that weir makes is one that it would take")
  func made() {
    let trace = TraceContext(high: 0xA, low: 0xB)
    #expect(trace.header(parent: 0xC) == "00-000000000000000a000000000000000b-000000000000000c-01")
    #expect(TraceContext(trace.header(parent: 0)) == trace)
    let zeros = TraceContext(high: 0, low: 0)
    #expect(TraceContext(zeros.header(parent: 0)) == zeros)
  }
}
