/// Why compressed bytes could not be inflated.
public enum InflateError: Error, Sendable, Equatable {
  /// The output passed the limit: a bomb, or simply too much.
  case tooLarge
  /// The bytes are not of the encoding they were said to be, or damaged.
  case corrupt
  /// The bytes ended before the compressed stream did.
  case truncated

  /// A plain sentence for the client.
  public var reason: String {
    switch self {
    case .tooLarge: "The compressed body is too large once inflated."
    case .corrupt: "The compressed body is damaged or of another encoding than its header says."
    case .truncated: "The compressed body ends too early."
    }
  }
}
