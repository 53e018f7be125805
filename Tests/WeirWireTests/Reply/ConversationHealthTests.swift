import Testing
import WeirWire

@Suite("Conversation health")
struct ConversationHealthTests {
  private func chat(_ message: String, finish: String = "stop") -> ConversationHealth {
    ConversationHealth(
      plain(
        .chatCompletions,
        #"{"choices":[{"index":0,"finish_reason":"\#(finish)","message":{"role":"assistant",\#(message)}}]}"#))
  }

  @Test("a usual reply of each API, plain or streamed, shows nothing wrong")
  func healthy() {
    for (endpoint, data, _) in SampleReplies.streams where endpoint != .completions {
      let health = ConversationHealth(stream(endpoint, data))
      #expect(health.anomalies == [], "\(endpoint)")
      #expect(ConversationHealth.finishReasons.contains(health.finishReason))
    }
    #expect(chat(#""content":"Hi""#) == chat(#""content":[{"type":"text","text":"Hi"}]"#))
    #expect(chat(#""content":"Hi""#).anomalies == [])
  }

  @Test("neither text nor calls is an empty reply, though there was reasoning")
  func empty() {
    for message in [#""content":"""#, #""content":null"#, #""content":"","reasoning":"hm""#, #""tool_calls":[]"#] {
      #expect(chat(message).anomalies == [.empty])
    }
    let thought = [
      #"{"type":"message_start","message":{"id":"m","content":[]}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#,
    ]
    #expect(ConversationHealth(stream(.messages, thought)).anomalies == [.empty])
    let reasoned = #"{"status":"completed","output":[{"type":"reasoning","content":[]}]}"#
    #expect(ConversationHealth(plain(.responses, reasoned)).anomalies == [.empty])
    #expect(ConversationHealth(plain(.embeddings, #"{"data":[{"embedding":[1]}]}"#)).anomalies == [])
  }

  @Test("pictures and sound are answers, also without text")
  func media() {
    let picture = #""content":"","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]"#
    let sound = #""content":null,"audio":{"id":"a","data":"AA","transcript":"Hi"}"#
    for message in [picture, sound] {
      #expect(chat(message).anomalies == [])
      let reading = stream(.chatCompletions, [#"{"choices":[{"index":0,"delta":{\#(message)}}]}"#, "[DONE]"])
      #expect(reading.sawContent && reading.contentEvents == 1)
      #expect(ConversationHealth(reading).anomalies == [])
    }
    #expect(chat(#""content":"","images":[]"#).anomalies == [.empty])
    let drawn = #"{"status":"completed","output":[{"type":"image_generation_call","result":"AA"}]}"#
    #expect(ConversationHealth(plain(.responses, drawn)).anomalies == [])
  }

  @Test("what broke off, or is an error, is not called empty")
  func brokenOff() {
    #expect(ConversationHealth(stream(.chatCompletions, [#"{"choices":[]}"#])).anomalies == [])
    #expect(ConversationHealth(stream(.chatCompletions, [#"{"choices":[]}"#, "[DONE]"])).anomalies == [.empty])
    #expect(ConversationHealth(plain(.chatCompletions, #"{"error":{"code":500}}"#)).anomalies == [])
  }

  @Test("refusals are seen in each API's field for them")
  func refusals() {
    #expect(chat(#""content":null,"refusal":"No.""#).anomalies == [.refusal])
    let streamed = [#"{"choices":[{"delta":{"refusal":"No"}}]}"#, #"{"choices":[{"finish_reason":"stop"}]}"#, "[DONE]"]
    #expect(ConversationHealth(stream(.chatCompletions, streamed)).anomalies == [.refusal])
    let part = #"{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"No"}]}]}"#
    #expect(ConversationHealth(plain(.responses, part)).anomalies == [.refusal])
    let delta = [
      #"{"type":"response.refusal.delta","delta":"No"}"#,
      #"{"type":"response.completed","response":{"status":"completed"}}"#,
    ]
    #expect(ConversationHealth(stream(.responses, delta)).anomalies == [.refusal])
    let stopped = #"{"type":"message","content":[],"stop_reason":"refusal"}"#
    #expect(ConversationHealth(plain(.messages, stopped)).anomalies == [.refusal])
  }

  @Test("replies cut at the token limit are seen in each API's word for it")
  func truncated() {
    #expect(chat(#""content":"Hi""#, finish: "length").anomalies == [.truncated])
    let message = #"{"content":[{"type":"text","text":"x"}],"stop_reason":"max_tokens"}"#
    #expect(ConversationHealth(plain(.messages, message)).anomalies == [.truncated])
    let response =
      #"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message","#
      + #""content":[{"type":"output_text","text":"x"}]}]}"#
    #expect(ConversationHealth(plain(.responses, response)).anomalies == [.truncated])
    #expect(chat(#""content":"""#, finish: "length").anomalies == [.empty, .truncated])
    #expect(chat(#""content":"""#, finish: "content_filter").anomalies == [.filtered])
  }

  @Test("finish reasons and tool calls that contradict each other are seen")
  func contradictions() {
    let call = #""tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]"#
    #expect(chat(call, finish: "tool_calls").anomalies == [])
    #expect(chat(call, finish: "stop").anomalies == [.unannouncedToolCalls])
    #expect(chat(#""content":"Hi""#, finish: "tool_calls").anomalies == [.missingToolCalls])
    let legacy = #""function_call":{"name":"f","arguments":"{}"}"#
    #expect(chat(legacy, finish: "function_call").anomalies == [])
  }

  @Test("finish reasons are bounded")
  func bounded() {
    #expect(ConversationHealth(ReplyReading()).finishReason == "none")
    #expect(chat(#""content":"x""#, finish: "stop").finishReason == "stop")
    #expect(chat(#""content":"x""#, finish: "because\\n").finishReason == "other")
    #expect(Set(ConversationHealth.finishReasons).count == ConversationHealth.finishReasons.count)
  }
}
