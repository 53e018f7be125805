import WeirWire

/// Finds the model that a request asks for.
enum ReadModel {
  /// Nil where the API has another way to say it: OpenRouter's `models` list, or a stored prompt (Responses API).
  static func read(_ envelope: Envelope, endpoint: Endpoint) throws(Refusal) -> String? {
    if let model = envelope.model, !model.isEmpty { return model }
    if envelope.hasModel {
      throw Refusal(
        .invalidRequest, "`model` must be a string that is not empty",
        remedy: "Name a model, for example \"kimi-k2\".", param: "model")
    }
    if !envelope.models.isEmpty || (endpoint == .responses && envelope.range(of: .prompt) != nil) { return nil }
    throw Refusal(
      .invalidRequest, "`model` is missing", remedy: "Name a model, for example \"kimi-k2\".", param: "model")
  }
}
