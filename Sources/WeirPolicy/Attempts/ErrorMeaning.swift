/// What the code of an error in a body means, in the words of HTTP.
enum ErrorMeaning {
  /// Nil where the code says nothing.
  ///
  /// Sources: OpenRouter's and OpenAI's error guides, the types of the `anthropic` client, Moonshot's list of errors.
  static func status(of code: String?) -> Int? {
    guard let code else { return nil }
    if let number = Int(code) { return (400...599).contains(number) ? number : nil }
    switch ModelName.folded(code) {
    case "invalid_request_error", "invalid_request", "invalid_prompt", "bad_request": return 400
    case "authentication_error", "invalid_api_key", "invalid_authentication_error", "unauthorized": return 401
    case "insufficient_quota", "billing_error", "billing_hard_limit_reached", "exceeded_current_quota_error",
      "insufficient_credits", "payment_required":
      return 402
    case "permission_error", "permission_denied_error", "content_filter", "content_policy_violation", "forbidden":
      return 403
    case "not_found_error", "model_not_found", "resource_not_found_error", "not_found": return 404
    case "request_too_large": return 413
    case "rate_limit_error", "rate_limit_exceeded", "rate_limit_reached_error", "too_many_requests": return 429
    case "timeout_error", "timeout", "gateway_timeout": return 504
    case "overloaded_error", "engine_overloaded_error", "overloaded": return 529
    case "service_unavailable", "service_unavailable_error", "unavailable": return 503
    case "bad_gateway": return 502
    case "api_error", "server_error", "internal_error", "internal_server_error": return 500
    default: return nil
    }
  }
}
