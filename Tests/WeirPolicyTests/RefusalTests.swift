import Testing
import WeirPolicy

@Suite("A refusal")
struct RefusalTests {
  @Test("with 429 or 503 always says when to come back", arguments: ErrorCode.allCases)
  func retryAfter(code: ErrorCode) {
    let seconds = Refusal(code, "it did not work", remedy: "Do something.").retryAfterSeconds
    #expect(seconds == (code.status == 429 || code.status == 503 ? 60 : nil))
  }

  @Test("goes by the status that it has, not by its code's")
  func ownStatus() {
    let refusal = Refusal(.invalidRequest, "it did not work", remedy: "Do something.", status: 503)
    #expect(refusal.retryAfterSeconds == 60)
  }

  @Test("says what it was told to say")
  func told() {
    #expect(Refusal(.overloaded, "no room", remedy: "Wait.", retryAfterSeconds: 1).retryAfterSeconds == 1)
  }
}
