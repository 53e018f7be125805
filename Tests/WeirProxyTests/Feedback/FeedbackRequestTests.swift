import NIOCore
import Testing
import WeirPolicy
import WeirStore
import WeirWire

@testable import WeirProxy

@Suite("A request with feedback")
struct FeedbackRequestTests {
  private func read(_ text: String) throws(Refusal) -> FeedbackRequest {
    // A body rarely lies at the beginning of its memory.
    var body = ByteBuffer(string: "head" + text)
    body.moveReaderIndex(forwardBy: 4)
    return try FeedbackRequest.read(body, parser: EnvelopeParser())
  }

  @Test("is read with what it has")
  func whole() throws {
    let request = try read(#" {"comment":"a \"b\" \u00e9","score":8e-1,"rating":"down","id":"gen-1","more":[1]} "#)
    #expect(request == FeedbackRequest(id: "gen-1", rating: .down, score: 0.8, comment: "a \"b\" é"))
  }

  @Test("needs no score and no comment, and takes null for none")
  func least() throws {
    let least = FeedbackRequest(id: "a", rating: .up, score: nil, comment: nil)
    #expect(try read(#"{"id":"a","rating":"up"}"#) == least)
    #expect(try read(#"{"id":"a","rating":"up","score":null,"comment":null}"#) == least)
  }

  @Test(
    "is refused with the member that is wrong",
    arguments: [
      (#"{"rating":"up"}"#, "id"), (#"{"id":"","rating":"up"}"#, "id"), (#"{"id":1,"rating":"up"}"#, "id"),
      (#"{"id":null,"rating":"up"}"#, "id"), (#"{"id":"a"}"#, "rating"), (#"{"id":"a","rating":"Up"}"#, "rating"),
      (#"{"id":"a","rating":1}"#, "rating"), (#"{"id":"a","rating":"up","score":"1"}"#, "score"),
      (#"{"id":"a","rating":"up","score":true}"#, "score"), (#"{"id":"a","rating":"up","score":{}}"#, "score"),
      (#"{"id":"a","rating":"up","comment":1}"#, "comment"),
    ])
  func wrong(body: String, member: String) {
    let refused = refusal { () throws(Refusal) in _ = try read(body) }
    #expect(refused?.code == .invalidRequest)
    #expect(refused?.param == member)
  }

  @Test(
    "is refused where the body is no JSON object",
    arguments: [
      ("", ErrorCode.invalidJSON), ("{", .invalidJSON), ("[]", .invalidRequest), ("1", .invalidRequest),
      (#"{"id":"a","id":"b","rating":"up"}"#, .duplicateKey),
    ])
  func unreadable(body: String, code: ErrorCode) {
    #expect(refusal { () throws(Refusal) in _ = try read(body) }?.code == code)
  }

  @Test("is refused where it is long, or names nothing that could be an id")
  func large() {
    let long = String(repeating: "x", count: FeedbackRequest.maximumBytes)
    let novel = refusal { () throws(Refusal) in _ = try read(#"{"id":"a","rating":"up","comment":"\#(long)"}"#) }
    #expect(novel?.code == .bodyTooLarge)
    let id = String(repeating: "x", count: LedgerRow.maximumTextBytes + 1)
    #expect(refusal { () throws(Refusal) in _ = try read(#"{"id":"\#(id)","rating":"up"}"#) }?.param == "id")
  }
}
