public import WeirWire

/// `KIMI_K2_MAX_TOKENS` and `KIMI_K2_TEMPERATURE`: what is put into requests for Kimi models that do not say.
public enum ParameterFill {
  /// The members to insert, in the order of `x-weir-edits`; empty for other models and endpoints.
  ///
  /// The Responses API calls the bound `max_output_tokens`. `hasMaxTokens` is true when the request has any of
  /// `max_tokens`, `max_completion_tokens` and `max_output_tokens`; `temperature` is a JSON number as the operator
  /// spelled it. A model that takes one temperature only never gets one.
  public static func fills(
    for model: ResolvedModel, endpoint: Endpoint, hasMaxTokens: Bool, hasTemperature: Bool, maxTokens: Int?,
    temperature: String?
  ) -> [(name: String, json: String)] {
    guard model.isKimi, maxTokens != nil || temperature != nil, let bound = maxTokensName(endpoint) else {
      return []
    }
    var fills: [(name: String, json: String)] = []
    if let temperature, !hasTemperature, model.takesKimiTemperature {
      fills.append(("temperature", temperature))
    }
    if let maxTokens, !hasMaxTokens { fills.append((bound, String(maxTokens))) }
    return fills
  }

  /// All names of the bound on completion tokens.
  static let maxTokensNames = ["max_tokens", "max_completion_tokens", "max_output_tokens"]

  /// What an endpoint calls the bound on completion tokens; nil for endpoints that have none.
  public static func maxTokensName(_ endpoint: Endpoint) -> String? {
    switch endpoint {
    case .chatCompletions, .completions, .messages: "max_tokens"
    case .responses: "max_output_tokens"
    case .embeddings, .models, .feedback, .other: nil
    }
  }
}
