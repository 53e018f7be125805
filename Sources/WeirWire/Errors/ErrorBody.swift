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
  /// - Parameters:
  ///   - status: the HTTP status it would have had before the stream began.
  ///   - open: the event whose beginning the client has. It becomes this one: half an event is no JSON, and a client that
  ///     fails on it never comes to the one behind it. Of members that come twice most parsers take the last.
  public static func streamEvent(
    endpoint: Endpoint, code: String, message: String, status: Int, ending open: OpenEvent? = nil
  ) -> [UInt8] {
    let (name, data) = event(endpoint: endpoint, code: code, message: message, status: status)
    let named = name.map { "event: \($0)\n" } ?? ""
    let whole = Array("\(named)data: \(data)\n\n".utf8)
    guard let open else { return whole }
    guard let begun = open.data, begun.contains(where: { $0 > 0x20 }) else {
      // Its data are this one's; ended, it would have none.
      return (open.line == .none ? [] : Array("\n".utf8)) + whole
    }
    guard open.line == .data, case .inObject(let closing, let needsComma) = CutJSON(begun) else {
      return Array("\n\n".utf8) + whole
    }
    let members = Array((needsComma ? "," : "").utf8) + Array(data.utf8.dropFirst())
    return closing + members + Array("\n\(named)\n".utf8)
  }

  private static func event(
    endpoint: Endpoint, code: String, message: String, status: Int
  ) -> (name: String?, data: String) {
    let type = JSONText.quoted(type(endpoint: endpoint, status: status))
    let code = JSONText.quoted(code)
    let message = JSONText.quoted(message)
    let error = #""error":{"code":\#(code),"message":\#(message),"type":\#(type)}"#
    return switch endpoint {
    case .chatCompletions:
      (nil, #"{\#(error),"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#)
    case .completions:
      (nil, #"{\#(error),"choices":[{"index":0,"text":"","finish_reason":"error"}]}"#)
    case .responses:
      ("error", #"{"type":"error","code":\#(code),"message":\#(message),"param":null,"sequence_number":0}"#)
    case .messages:
      ("error", #"{"type":"error","error":{"type":\#(type),"message":\#(message)}}"#)
    case .embeddings, .models, .feedback, .other:
      (nil, "{\(error)}")
    }
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
