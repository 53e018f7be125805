import Testing
import WeirWire

@Suite("Error body")
struct ErrorBodyTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("has OpenAI's shape")
  func openAI() {
    let body = ErrorBody.json(
      endpoint: .chatCompletions, status: 429, code: "rate_limit_exceeded", message: "a \"b\"", param: nil)
    #expect(
      text(body)
        == #"{"error":{"message":"a \"b\"","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
    )
    let named = ErrorBody.json(
      endpoint: .other, code: "invalid_request", message: "m", type: "t", param: "model")
    #expect(
      text(named) == #"{"error":{"message":"m","type":"t","param":"model","code":"invalid_request"}}"#)
  }

  @Test("has Anthropic's shape on messages")
  func anthropic() {
    let body = ErrorBody.json(
      endpoint: .messages, status: 503, code: "overloaded", message: "m\n", param: "x")
    #expect(text(body) == #"{"type":"error","error":{"type":"overloaded_error","message":"m\n"}}"#)
  }

  @Test(
    "names the type that the API uses for a status",
    arguments: [
      (400, "invalid_request_error", "invalid_request_error"),
      (401, "authentication_error", "authentication_error"),
      (402, "billing_error", "insufficient_quota"), (403, "permission_error", "permission_error"),
      (404, "not_found_error", "not_found_error"), (413, "request_too_large", "invalid_request_error"),
      (429, "rate_limit_error", "rate_limit_error"), (500, "api_error", "server_error"),
      (502, "api_error", "server_error"), (503, "overloaded_error", "server_error"),
      (504, "timeout_error", "timeout_error"), (529, "overloaded_error", "server_error"),
    ])
  func types(status: Int, anthropic: String, openAI: String) {
    #expect(ErrorBody.type(endpoint: .messages, status: status) == anthropic)
    #expect(ErrorBody.type(endpoint: .responses, status: status) == openAI)
  }

  @Test("in a stream is one whole event whose data is JSON", arguments: Endpoint.allCases)
  func streamEvent(endpoint: Endpoint) throws {
    let event = text(
      ErrorBody.streamEvent(
        endpoint: endpoint, code: "upstream_stream_broken", message: "a\n\"b", status: 502))
    #expect(event.hasSuffix("\n\n"))
    let lines = event.dropLast(2).split(separator: "\n", omittingEmptySubsequences: false)
    let data = try #require(lines.last { $0.hasPrefix("data: ") }).dropFirst(6)
    #expect(throws: Never.self) { try parse(String(data)) }
    #expect(lines.count == (endpoint == .responses || endpoint == .messages ? 2 : 1))
  }

  /// What a client has at each byte of this stream is ended by the error event: it reads one error, and nothing that it
  /// cannot read.
  @Test(
    "becomes of the event whose beginning the client has",
    arguments: [Endpoint.chatCompletions, .completions, .responses, .messages], ["\n", "\r\n", "\r"])
  func endingOpenEvent(endpoint: Endpoint, lineEnd: String) throws {
    let first = #"{"id":"gen-1","choices":[{"index":0,"delta":{"content":"é \"x\""},"finish_reason":null}]}"#
    let lines = [": wait", "", "event: e", "id: 1", "data: \(first)", "", "data:\(first)", ""]
    let bytes = Array((lines.joined(separator: lineEnd) + lineEnd).utf8)
    for count in 0...bytes.count {
      let begun = Array(bytes.prefix(count))
      var meter = ReplyMeter(endpoint: endpoint, isEventStream: true)
      unsafe begun.withUnsafeBytes { unsafe meter.read($0) }
      let error = ErrorBody.streamEvent(
        endpoint: endpoint, code: "upstream_stream_broken", message: "m", status: 502, ending: meter.openEvent)
      let seen = events(in: [(begun + error)[...]])
      #expect(seen.isAtBoundary)
      #expect(seen.events.allSatisfy { ReferenceJSON.accepts(Array($0.data.utf8)) }, "\(text(begun + error))")
      let last = try #require(seen.events.last)
      #expect(last.data.hasSuffix(try #require(events(in: text(plainEvent(endpoint))).last?.data.dropFirst())))
      if endpoint == .messages || endpoint == .responses { #expect(last.name == "error") }
      #expect(seen.events.count { $0.data.contains("\"error\"") } == 1)
      meter.finish()
      #expect((meter.openEvent == nil) == meter.reading.isAtEventBoundary)
    }
  }

  private func plainEvent(_ endpoint: Endpoint) -> [UInt8] {
    ErrorBody.streamEvent(endpoint: endpoint, code: "upstream_stream_broken", message: "m", status: 502)
  }

  @Test("in a chat stream carries the error and a finish reason")
  func chatStream() {
    let event = ErrorBody.streamEvent(endpoint: .chatCompletions, code: "c", message: "m", status: 502)
    #expect(
      text(event) == #"data: {"error":{"code":"c","message":"m","type":"server_error"},"#
        + #""choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"# + "\n\n")
  }
}
