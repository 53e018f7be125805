import WeirWire

/// The names of all members weir looks at.
enum EnvelopeNames {
  static let all = EnvelopeMember.allCases.map(\.name)
}

/// Parses bytes that end exactly where the body does, so that a read beyond them would be seen by a sanitizer.
func parse(
  _ bytes: [UInt8], with parser: EnvelopeParser = EnvelopeParser(), finding names: MemberNames = .none
) throws(EnvelopeError) -> Envelope {
  let result: Result<Envelope, EnvelopeError> = unsafe bytes.withUnsafeBytes { buffer in
    do throws(EnvelopeError) { return .success(try unsafe parser.parse(buffer, finding: names)) } catch {
      return .failure(error)
    }
  }
  return try result.get()
}

func parse(_ text: String) throws(EnvelopeError) -> Envelope { try parse(Array(text.utf8)) }

/// The error of a body that must be refused, or nil when it was accepted.
func refusal(_ bytes: [UInt8], with parser: EnvelopeParser = EnvelopeParser()) -> EnvelopeError? {
  do {
    _ = try parse(bytes, with: parser)
    return nil
  } catch { return error }
}

func refusal(_ text: String) -> EnvelopeError? { refusal(Array(text.utf8)) }
