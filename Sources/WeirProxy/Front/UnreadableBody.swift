import WeirPolicy
import WeirWire

/// What a client is told whose body is not the JSON object that the API takes.
enum UnreadableBody {
  /// Reads a body, or says why it cannot be read in the client's terms.
  static func envelope(
    of bytes: UnsafeRawBufferPointer, finding names: MemberNames, parser: EnvelopeParser
  ) -> Result<Envelope, Refusal> {
    do throws(EnvelopeError) {
      return .success(try unsafe parser.parse(bytes, finding: names))
    } catch {
      return .failure(refusal(error))
    }
  }

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
