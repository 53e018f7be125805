/// An error reply in OpenRouter's shape; on `/messages` also in Anthropic's.
struct Failure: Error, Sendable, Equatable {
  var status: Int
  var message: String
  var metadata: JSON?
  /// OpenAI's `type`, `param` and `code`, where a provider's error is handed on in OpenAI's words.
  var openAI: OpenAIFields?

  struct OpenAIFields: Sendable, Equatable {
    var type: String
    var param: String
    var code: String
  }

  /// Anthropic's error types by status.
  private var anthropicType: String {
    switch status {
    case 400, 422: "invalid_request_error"
    case 401: "authentication_error"
    case 402: "billing_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 408, 504, 524: "timeout_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 503, 529: "overloaded_error"
    default: "api_error"
    }
  }

  /// The object under `error`.
  var error: JSON {
    var error: JSON = ["message": .string(message)]
    if let openAI {
      error.append("type", .string(openAI.type))
      error.append("param", .string(openAI.param))
      error.append("code", .string(openAI.code))
    } else {
      error.append("code", JSON(status))
    }
    if let metadata { error.append("metadata", metadata) }
    return error
  }

  func body(endpoint: String) -> JSON {
    guard endpoint == "/messages" else { return ["error": error, "user_id": "user_simulated"] }
    var typed: JSON = ["type": .string(anthropicType)]
    for member in error.members ?? [] { typed.append(member.name, member.value) }
    return ["type": "error", "error": typed]
  }

  func reply(endpoint: String) -> Reply { Reply(status: status, body(endpoint: endpoint)) }
}

extension Failure {
  static func badRequest(_ message: String) -> Failure { Failure(status: 400, message: message) }

  /// What a provider's fault looks like in mid-stream and in a 200.
  static let provider = Failure(
    status: 502, message: "Provider returned error",
    metadata: ["provider_name": "Simulated", "raw": "simulated provider failure"])

  /// A prompt that does not fit the context window, in OpenAI's words; on `/messages` in Anthropic's.
  static func contextLength(promptTokens: Int, window: Int, endpoint: String) -> Failure {
    if endpoint == "/messages" {
      return badRequest("prompt is too long: \(promptTokens) tokens > \(window) maximum")
    }
    let message =
      "This model's maximum context length is \(window) tokens. However, your messages resulted in "
      + "\(promptTokens) tokens. Please reduce the length of the messages."
    let fields = OpenAIFields(type: "invalid_request_error", param: "messages", code: "context_length_exceeded")
    return Failure(status: 400, message: message, openAI: fields)
  }

  /// The error that the fault `status` makes, with the metadata that OpenRouter documents for it.
  static func simulated(status: Int, model: String) -> Failure {
    switch status {
    case 400: badRequest("Simulated bad request")
    case 401: Failure(status: status, message: "No auth credentials found")
    case 402: Failure(status: status, message: "Insufficient credits", metadata: ["limit_source": "account"])
    case 403:
      Failure(
        status: status, message: "Input was flagged by moderation",
        metadata: [
          "reasons": ["simulated"], "flagged_input": "…", "provider_name": "Simulated",
          "model_slug": .string(model),
        ])
    case 408: Failure(status: status, message: "Request timed out")
    case 413: Failure(status: status, message: "Payload too large")
    case 429:
      Failure(
        status: status, message: "Rate limit exceeded",
        metadata: ["provider_name": "Simulated", "raw": "simulated rate limit"])
    case 502: provider
    case 503: Failure(status: status, message: "No available model provider meets your routing requirements")
    default: Failure(status: status, message: "Simulated status \(status)")
    }
  }
}
