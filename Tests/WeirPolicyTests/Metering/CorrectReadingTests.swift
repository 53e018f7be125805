import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The usage of a reply that broke off")
struct CorrectReadingTests {
  private func corrected(
    _ path: String, isWhole: Bool, output: Int, events: Int, stream: Bool = true
  ) throws -> Int? {
    let head = RequestHead(method: "POST", target: path)
    var (exchange, _) = RequestPath.open(head, requestID: "r", policy: .of(), now: 0)
    try RequestPath.admit(&exchange, head: head, json: #"{"model":"m","stream":\#(stream)}"#, policy: .of())
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 10, output: output)
    reading.contentEvents = events
    reading.sawEndMarker = isWhole
    return CorrectReading.correct(reading, exchange).usage?.output
  }

  @Test("counts events where a Messages stream has said nothing that holds")
  func messages() throws {
    #expect(try corrected("/v1/messages", isWhole: false, output: 1, events: 30) == 30)
    #expect(try corrected("/v1/messages", isWhole: false, output: 40, events: 30) == 40)
  }

  @Test("is what the upstream said everywhere else")
  func others() throws {
    #expect(try corrected("/v1/messages", isWhole: true, output: 1, events: 30) == 1)
    #expect(try corrected("/v1/messages", isWhole: false, output: 1, events: 30, stream: false) == 1)
    #expect(try corrected("/v1/chat/completions", isWhole: false, output: 1, events: 30) == 1)
  }
}
