import NIOCore
import Testing

@testable import WeirProxy

@Suite("The tail of a stream that nobody reads along")
struct StreamTailTests {
  private func isAtBoundary(_ pieces: String...) -> Bool {
    var tail = StreamTail()
    for piece in pieces { tail.take(ByteBuffer(string: piece)) }
    return tail.isAtEventBoundary
  }

  @Test("is at an event's end before anything came, and behind an empty line in any of the line ends")
  func ends() {
    #expect(isAtBoundary())
    #expect(isAtBoundary(""))
    for end in ["\n\n", "\r\r", "\r\n\r\n"] { #expect(isAtBoundary("data: 1\(end)"), "\(end.debugDescription)") }
  }

  @Test("is not where a line or an event has begun", arguments: ["d", "data: 1", "data: 1\n", "data: 1\r\n", "\n\nx"])
  func begun(text: String) {
    #expect(!isAtBoundary(text))
  }

  @Test("counts over the pieces in which it came")
  func pieces() {
    #expect(isAtBoundary("data: 1\n", "\n"))
    #expect(isAtBoundary("data: 1\r", "\n", "\r", "\n"))
    #expect(isAtBoundary("data: 1\n\n", ""))
    #expect(!isAtBoundary("data: 1\n\n", "data"))
  }
}
