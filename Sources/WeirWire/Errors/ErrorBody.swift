/// The bodies of errors that weir makes itself, in the wire format of the API that was called.
public enum ErrorBody {
  /// An error reply's body: OpenAI's `{"error":{message,type,param,code}}`, or Anthropic's
  /// `{"type":"error","error":{type,message}}`, which has no place for code and param.
  public static func json(
    endpoint: Endpoint, code: String, message: String, type: String, param: String?
  ) -> [UInt8] {
    let type = JSONText.quoted(type)
    let message = JSONText.quoted(message)
    guard !endpoint.usesAnthropicErrors else {
      return Array(#"{"type":"error","error":{"type":\#(type),"message":\#(message)}}"#.utf8)
    }
    let param = param.map(JSONText.quoted) ?? "null"
    let code = JSONText.quoted(code)
    return Array(#"{"error":{"message":\#(message),"type":\#(type),"param":\#(param),"code":\#(code)}}"#.utf8)
  }

  /// As the other, with the type that the API uses for this HTTP status.
  public static func json(
    endpoint: Endpoint, status: Int, code: String, message: String, param: String?
  ) -> [UInt8] {
    json(
      endpoint: endpoint, code: code, message: message, type: type(endpoint: endpoint, status: status),
      param: param)
  }

  /// The event that tells a client of an error in the middle of a stream, after which the stream ends.
  ///
  /// - Parameter status: the HTTP status it would have had before the stream began.
  public static func streamEvent(endpoint: Endpoint, code: String, message: String, status: Int) -> [UInt8] {
    let type = JSONText.quoted(type(endpoint: endpoint, status: status))
    let code = JSONText.quoted(code)
    let message = JSONText.quoted(message)
    let error = #""error":{"code":\#(code),"message":\#(message),"type":\#(type)}"#
    let event =
      switch endpoint {
      case .chatCompletions:
        #"data: {\#(error),"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#
      case .completions:
        #"data: {\#(error),"choices":[{"index":0,"text":"","finish_reason":"error"}]}"#
      case .responses:
        "event: error\n"
          + #"data: {"type":"error","code":\#(code),"message":\#(message),"param":null,"sequence_number":0}"#
      case .messages:
        "event: error\n" + #"data: {"type":"error","error":{"type":\#(type),"message":\#(message)}}"#
      case .embeddings, .models, .feedback, .other:
        "data: {\(error)}"
      }
    return Array((event + "\n\n").utf8)
  }

  /// The error type that the called API uses for an HTTP status.
  public static func type(endpoint: Endpoint, status: Int) -> String {
    endpoint.usesAnthropicErrors ? anthropicType(status: status) : openAIType(status: status)
  }

  /// Source: Anthropic's API reference, "Errors".
  public static func anthropicType(status: Int) -> String {
    switch status {
    case 401: "authentication_error"
    case 402: "billing_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 408, 504: "timeout_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 503, 529: "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
    }
  }

  /// Source: OpenAI's API reference, "Error codes".
  public static func openAIType(status: Int) -> String {
    switch status {
    case 401: "authentication_error"
    case 402: "insufficient_quota"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 408, 504: "timeout_error"
    case 429: "rate_limit_error"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
  }
}
