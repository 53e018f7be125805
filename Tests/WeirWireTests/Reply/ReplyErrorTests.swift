import Testing
import WeirWire

@Suite("An error in a reply")
struct ReplyErrorTests {
  @Test("is read from a chat stream, and the stream's reason with it")
  func chatStream() {
    let event =
      #"{"id":"gen-1","error":{"code":502,"message":"secret"},"choices":[{"index":0,"delta":{"content":""},"#
      + #""finish_reason":"error"}]}"#
    let result = stream(.chatCompletions, [event])
    #expect(result.error == ReplyError(code: "502", isMidStream: true))
    #expect(result.finishReason == "error")
    #expect(!result.sawEndMarker && !result.sawContent)
  }

  @Test("is read from each API's plain reply")
  func plainReply() {
    let expected = ReplyError(code: "rate_limit_exceeded", isMidStream: false)
    let openAI = #"{"error":{"message":"m","type":"t","param":null,"code":"rate_limit_exceeded"}}"#
    for endpoint in [Endpoint.chatCompletions, .completions, .responses, .embeddings] {
      #expect(plain(endpoint, openAI).error == expected)
    }
    #expect(
      plain(.messages, #"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#).error?.code
        == "overloaded_error")
    #expect(plain(.chatCompletions, #"{"object":"error","message":"m","code":404}"#).error?.code == "404")
    #expect(
      plain(.chatCompletions, #"{"choices":[{"error":{"code":429},"finish_reason":"error"}]}"#).error?.code
        == "429")
    #expect(plain(.chatCompletions, #"{"error":{"code":null,"type":"t"}}"#).error?.code == "t")
    #expect(
      plain(.chatCompletions, #"{"error":"out of order"}"#).error == ReplyError(code: nil, isMidStream: false)
    )
    #expect(plain(.chatCompletions, #"{"error":null,"choices":[]}"#).error == nil)
  }

  @Test("is read from a responses stream, by failure or by event")
  func responsesStream() {
    let failed = #"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}}"#
    let result = stream(.responses, [failed])
    #expect(result.error == ReplyError(code: "server_error", isMidStream: true))
    #expect(result.finishReason == "failed")
    #expect(result.sawEndMarker)
    #expect(stream(.responses, [#"{"type":"error","code":"c","message":"m"}"#]).error?.code == "c")
    #expect(stream(.responses, [#"{"error":{"code":502}}"#]).error?.code == "502")
  }

  @Test("is read from a messages stream")
  func messagesStream() {
    let event = #"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#
    #expect(
      stream(.messages, [event]).error == ReplyError(code: "overloaded_error", isMidStream: true))
  }

  @Test(
    "that weir wrote into a stream itself is read as one",
    arguments: [
      Endpoint.chatCompletions, .completions, .responses, .messages,
    ])
  func ownEvent(endpoint: Endpoint) {
    let bytes = ErrorBody.streamEvent(endpoint: endpoint, code: "c", message: "m", status: 502)
    let result = reading(endpoint, isEventStream: true, parts: [bytes[...]])
    #expect(result.error?.isMidStream == true)
    #expect(!result.isMalformed && !result.sawContent && result.isAtEventBoundary)
  }
}
