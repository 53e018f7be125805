import WeirWire

/// Finds the model that a request asks for.
enum ReadModel {
  /// Names go into headers, logs and labels, where nothing longer has a place; `KIMI_MODEL_ID` has the same bound.
  static let maximumBytes = 256

  /// Entries of OpenRouter's list `models`; each is looked up and may be edited.
  static let maximumFallbacks = 64

  /// White space around a name and slashes at its end, which some servers drop, would dodge the lists of allowed models.
  private static func isSound(_ model: String) -> Bool {
    let scalars = model.unicodeScalars
    return model.utf8.count <= maximumBytes && model.utf8.last != UInt8(ascii: "/")
      && ![scalars.first, scalars.last].contains { $0.map(isDropped) ?? false }
  }

  /// White space as Unicode has it, and what JavaScript's `trim` and C's ends of texts take for it.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value <= 0x20 || scalar.value == 0x7F || scalar.value == 0xFEFF
      || scalar.value >= 0x80 && scalar.properties.isWhitespace
  }

  private static func unsound(_ member: String) -> Refusal {
    Refusal(
      .invalidRequest, "`\(member)` is no model's name",
      remedy: "Send up to \(maximumBytes) bytes, without blanks around them or a slash at the end.", param: member)
  }

  /// Nil where the API has another way to say it: OpenRouter's `models` list, or a stored prompt (Responses API).
  static func read(_ envelope: Envelope, endpoint: Endpoint) throws(Refusal) -> String? {
    guard envelope.models.count <= maximumFallbacks else {
      throw Refusal(
        .invalidRequest, "`models` has \(envelope.models.count) entries", remedy: "Name at most \(maximumFallbacks).",
        param: "models")
    }
    for (place, entry) in envelope.models.enumerated() where !isSound(entry.value) { throw unsound("models[\(place)]") }
    if let model = envelope.model, !model.isEmpty {
      guard isSound(model) else { throw unsound("model") }
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
