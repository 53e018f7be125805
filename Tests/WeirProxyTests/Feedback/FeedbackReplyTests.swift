import Testing
import WeirStore

@testable import WeirProxy

@Suite("The answer to feedback")
struct FeedbackReplyTests {
  @Test("names model and variant, or null")
  func json() {
    let whole = FeedbackReply(id: "a\"b", model: "m", variant: "kimi", rating: .up, isReplaced: true)
    #expect(
      String(decoding: whole.json, as: UTF8.self)
        == #"{"id":"a\"b","model":"m","variant":"kimi","rating":"up","replaced":true}"#)
    let least = FeedbackReply(id: "a", model: nil, variant: nil, rating: .down, isReplaced: false)
    #expect(
      String(decoding: least.json, as: UTF8.self)
        == #"{"id":"a","model":null,"variant":null,"rating":"down","replaced":false}"#)
  }
}
