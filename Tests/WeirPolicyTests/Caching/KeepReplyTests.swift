import Testing
import WeirPolicy
import WeirWire

@Suite("Whether a reply is kept")
struct KeepReplyTests {
  private var wholeReading: ReplyReading {
    var reading = ReplyReading()
    reading.sawEndMarker = true
    reading.finishReason = "stop"
    return reading
  }

  private func mayKeep(
    status: Int = 200, ending: Ending = .complete, _ change: (inout ReplyReading) -> Void = { _ in }
  ) -> Bool {
    var reading = wholeReading
    change(&reading)
    return KeepReply.mayKeep(status: status, ending: ending, reading: reading)
  }

  @Test("a whole answer is")
  func whole() { #expect(mayKeep()) }

  @Test("nothing else is")
  func others() {
    #expect(!mayKeep(status: 201))
    #expect(!mayKeep(status: 429))
    #expect(!mayKeep(ending: .broken))
    #expect(!mayKeep(ending: .clientLeft(.reply)))
    #expect(!mayKeep { $0.sawEndMarker = false })
    #expect(!mayKeep { $0.isAtEventBoundary = false })
    #expect(!mayKeep { $0.isMalformed = true })
    #expect(!mayKeep { $0.error = ReplyError(code: "502", isMidStream: true) })
    for reason in ["error", "failed", "cancelled", "queued", "in_progress"] {
      #expect(!mayKeep { $0.finishReason = reason })
    }
    #expect(!KeepReply.mayKeep(status: 200, ending: .complete, reading: nil))
  }
}
