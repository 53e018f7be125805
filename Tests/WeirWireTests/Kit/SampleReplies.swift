import WeirWire

/// Replies as upstreams send them, one whole stream for each API that streams.
enum SampleReplies {
  static let chat = [
    #"{"id":"gen-1","provider":"Moonshot AI","model":"moonshotai/kimi-k2","object":"chat.completion.chunk","#
      + #""created":1,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"reasoning":"hm","content":null},"finish_reason":null}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"content":"Hel\"usage\":lo"},"finish_reason":null}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"functions.f:0","#
      + #""function":{"name":"f","arguments":""}}]}}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"functions.g:1"}]}}]}"#,
    #"{"id":"gen-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"tool_calls"}]}"#,
    #"{"id":"gen-1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"#
      + #""cost":0.00125,"prompt_tokens_details":{"cached_tokens":64},"#
      + #""completion_tokens_details":{"reasoning_tokens":5}}}"#,
    "[DONE]",
  ]

  static let chatReading: ReplyReading = {
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 100, output: 20, cached: 64, reasoning: 5)
    reading.cost = 0.00125
    reading.provider = "Moonshot AI"
    reading.generationID = "gen-1"
    reading.model = "moonshotai/kimi-k2"
    reading.finishReason = "tool_calls"
    reading.sawEndMarker = true
    reading.sawContent = true
    reading.contentEvents = 5
    reading.toolCalls = 2
    return reading
  }()

  static let responses = [
    #"{"type":"response.created","sequence_number":0,"response":{"id":"gen-2","model":"m","status":"in_progress","#
      + #""usage":null,"error":null}}"#,
    #"{"type":"response.output_item.added","item":{"type":"message"}}"#,
    #"{"type":"response.output_text.delta","delta":"Hi"}"#,
    #"{"type":"response.output_text.delta","delta":""}"#,
    #"{"type":"response.output_item.added","item":{"type":"function_call","name":"f","arguments":""}}"#,
    #"{"type":"response.function_call_arguments.delta","delta":"{}"}"#,
    #"{"type":"response.completed","response":{"id":"gen-2","model":"m","status":"completed","output":[{"type":"#
      + #""message"},{"type":"function_call"}],"usage":{"input_tokens":30,"output_tokens":4,"total_tokens":34,"#
      + #""input_tokens_details":{"cached_tokens":8},"output_tokens_details":{"reasoning_tokens":2},"cost":0.5}}}"#,
  ]

  static let responsesReading: ReplyReading = {
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 30, output: 4, cached: 8, reasoning: 2)
    reading.cost = 0.5
    reading.generationID = "gen-2"
    reading.model = "m"
    reading.finishReason = "completed"
    reading.sawEndMarker = true
    reading.sawContent = true
    reading.contentEvents = 2
    reading.toolCalls = 1
    return reading
  }()

  static let messages = [
    #"{"type":"message_start","message":{"id":"gen-3","type":"message","model":"c","content":[],"#
      + #""stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":5,"#
      + #""cache_creation_input_tokens":2,"output_tokens":1}}}"#,
    #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    #"{"type":"ping"}"#,
    #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
    #"{"type":"content_block_stop","index":0}"#,
    #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
    #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
    #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":42}}"#,
    #"{"type":"message_stop"}"#,
  ]

  static let messagesReading: ReplyReading = {
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 17, output: 42, cached: 5, reasoning: 0)
    reading.generationID = "gen-3"
    reading.model = "c"
    reading.finishReason = "tool_use"
    reading.sawEndMarker = true
    reading.sawContent = true
    reading.contentEvents = 3
    reading.toolCalls = 1
    return reading
  }()

  static let completions = [
    #"{"id":"gen-4","model":"t","choices":[{"index":0,"text":"a","finish_reason":null}]}"#,
    #"{"id":"gen-4","model":"t","choices":[{"index":0,"text":"","finish_reason":"length"}],"#
      + #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
    "[DONE]",
  ]

  static let completionsReading: ReplyReading = {
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 3, output: 1)
    reading.generationID = "gen-4"
    reading.model = "t"
    reading.finishReason = "length"
    reading.sawEndMarker = true
    reading.sawContent = true
    reading.contentEvents = 1
    return reading
  }()

  /// Each API's stream, and what must be read of it.
  static let streams: [(Endpoint, [String], ReplyReading)] = [
    (.chatCompletions, chat, chatReading), (.responses, responses, responsesReading),
    (.messages, messages, messagesReading), (.completions, completions, completionsReading),
  ]

  /// Each API's plain reply, and what must be read of it.
  static let plain: [(Endpoint, String, ReplyReading)] = [
    (
      .chatCompletions,
      #"{"id":"gen-1","provider":"Moonshot AI","model":"moonshotai/kimi-k2","choices":[{"index":0,"#
        + #""finish_reason":"tool_calls","message":{"content":null,"tool_calls":[{"id":"a"},{"id":"b"}]}}],"#
        + #""usage":{"prompt_tokens":100,"completion_tokens":20,"cost":0.00125,"#
        + #""prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":5}}}"#,
      once(chatReading)
    ),
    (
      .responses,
      #"{"id":"gen-2","model":"m","status":"completed","error":null,"output":[{"type":"message"},"#
        + #"{"type":"function_call"}],"usage":{"input_tokens":30,"output_tokens":4,"cost":0.5,"#
        + #""input_tokens_details":{"cached_tokens":8},"output_tokens_details":{"reasoning_tokens":2}}}"#,
      once(responsesReading)
    ),
    (
      .messages,
      #"{"id":"gen-3","type":"message","model":"c","content":[{"type":"text","text":"x"},{"type":"tool_use"}],"#
        + #""stop_reason":"tool_use","usage":{"input_tokens":10,"cache_read_input_tokens":5,"#
        + #""cache_creation_input_tokens":2,"output_tokens":42}}"#,
      once(messagesReading)
    ),
    (
      .completions,
      #"{"id":"gen-4","model":"t","choices":[{"index":0,"text":"a","finish_reason":"length"}],"#
        + #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
      once(completionsReading)
    ),
    (
      .embeddings,
      #"{"object":"list","model":"e","data":[{"embedding":[0.1,-2e-5]}],"usage":{"prompt_tokens":7}}"#,
      {
        var reading = ReplyReading()
        reading.usage = TokenUsage(input: 7)
        reading.model = "e"
        reading.sawEndMarker = true
        reading.sawContent = true
        reading.contentEvents = 1
        return reading
      }()
    ),
  ]

  private static func once(_ reading: ReplyReading) -> ReplyReading {
    var reading = reading
    reading.contentEvents = 1
    return reading
  }
}
