/// How many tokens a request may have and ask for.
public struct TokenBounds: Sendable, Equatable {
  /// Prompt tokens; nil bounds none.
  public let input: Int?
  /// What the request may ask for as its output bound; nil bounds none.
  public let output: Int?

  /// Describes bounds.
  public init(input: Int? = nil, output: Int? = nil) {
    self.input = input
    self.output = output
  }
}
