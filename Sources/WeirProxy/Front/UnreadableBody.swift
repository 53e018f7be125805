import WeirPolicy
import WeirWire

/// What a client is told whose body is not the JSON object that the API takes.
enum UnreadableBody {
  static func refusal(_ error: EnvelopeError) -> Refusal {
    switch error.code {
    case .duplicateKey:
      Refusal(
        .duplicateKey, error.reason, remedy: "Send every top-level key once.",
        logged: "a top-level key of the body comes twice")
    case .notAnObject:
      Refusal(.invalidRequest, error.reason, remedy: "Send a JSON object.")
    case .invalidJSON, .invalidUTF8, .tooDeep:
      Refusal(.invalidJSON, error.reason, remedy: "Send valid JSON in UTF-8 (RFC 8259).")
    case .tooLarge:
      Refusal(.invalidRequest, error.reason, remedy: "Send a smaller request.")
    }
  }
}
