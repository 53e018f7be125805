import Testing
import WeirPolicy

@Suite("A refusal's time to come back")
struct RefusalWaitTests {
  @Test("is there with every 429 and 503", arguments: ErrorCode.allCases)
  func retryAfter(code: ErrorCode) {
    let seconds = Refusal(code, "it did not work", remedy: "Do something.").retryAfterSeconds
    #expect(seconds == (code.status == 429 || code.status == 503 ? 5 : nil))
  }

  @Test("goes by the status that the refusal has, not by its code's")
  func ownStatus() {
    let refusal = Refusal(.invalidRequest, "it did not work", remedy: "Do something.", status: 503)
    #expect(refusal.retryAfterSeconds == 5)
  }

  @Test("is the one that was told")
  func told() {
    #expect(Refusal(.overloaded, "no room", remedy: "Wait.", retryAfterSeconds: 1).retryAfterSeconds == 1)
  }
}
