import WeirWire

/// Finds the model that a request asks for.
enum ReadModel {
  /// Names go into headers, logs and labels, where nothing longer has a place; `KIMI_MODEL_ID` has the same bound.
  static let maximumBytes = 256

  /// Entries of OpenRouter's list `models`; each is looked up and may be edited.
  static let maximumFallbacks = 64

  /// Blanks and slashes at the end, which some servers drop, would dodge the lists of allowed models.
  private static func isSound(_ model: String) -> Bool {
    let bytes = model.utf8
    let end = bytes.last
    return bytes.count <= maximumBytes && bytes.first != 0x20 && end != 0x20 && end != UInt8(ascii: "/")
  }

  /// Nil where the API has another way to say it: OpenRouter's `models` list, or a stored prompt (Responses API).
  static func read(_ envelope: Envelope, endpoint: Endpoint) throws(Refusal) -> String? {
    guard envelope.models.count <= maximumFallbacks else {
      throw Refusal(
        .invalidRequest, "`models` has \(envelope.models.count) entries", remedy: "Name at most \(maximumFallbacks).",
        param: "models")
    }
    if let model = envelope.model, !model.isEmpty {
      guard isSound(model) else {
        throw Refusal(
          .invalidRequest, "`model` is no model's name",
          remedy: "Send up to \(maximumBytes) bytes, without blanks around them or a slash at the end.", param: "model")
      }
      return model
    }
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
