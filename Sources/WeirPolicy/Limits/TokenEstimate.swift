/// What a request is expected to use, before it is sent.
///
///     input      = ⌈plain bytes / 4⌉ + ⌈other bytes / 3⌉ + 1,000 · encoded parts
///     inputBound = plain bytes + other bytes + 4,000 · encoded parts
///     output     = min(asked output bound, learned average of the model) · choices
///     outputBound = asked output bound · choices
///
/// Four bytes a token is OpenAI's rule of thumb for English ("What are tokens and how to count them?",
/// help.openai.com); a character of Chinese, Japanese or Korean has three bytes and is about a token. An image costs by
/// its pixels and not by its bytes: about 85 to 1,600 tokens at OpenAI and Anthropic, so that encoded data counts flat.
/// `inputBound` is one token a byte, which the byte-level vocabularies in use never exceed for text; JSON's own signs
/// outweigh what a chat template adds. It bounds nothing for what a URL in the body stands for.
public struct TokenEstimate: Sendable, Equatable {
  /// Expected prompt tokens; what rate limits take.
  public var input: Int
  /// Prompt tokens at most; what budgets reserve.
  public var inputBound: Int
  /// Expected completion tokens, over all choices; what rate limits take.
  public var output: Int
  /// Completion tokens at most, over all choices; nil when the request names no bound.
  public var outputBound: Int?
  /// Replies that the request asks for (`n`).
  public var choices: Int
  /// Where the model takes no output bound: the one that the request asked for all the same, 0 without. Nothing holds the
  /// reply to it, nor to one of weir's.
  public private(set) var unheldOutput: Int?

  private static let plainBytesPerToken = 4
  private static let otherBytesPerToken = 3
  private static let tokensPerEncodedPart = 1000
  private static let mostTokensPerEncodedPart = 4000
  /// No count from a request is taken to be larger, so that sums stay far from overflow.
  private static let largest = 1_000_000_000

  /// Takes counts as they are; without `inputBound`, `input` is the bound. Counts are clamped to 0 … 10^9.
  public init(input: Int, output: Int, outputBound: Int?, inputBound: Int? = nil, choices: Int = 1) {
    self.input = TokenEstimate.clamped(input)
    self.inputBound = TokenEstimate.clamped(inputBound ?? input)
    self.output = TokenEstimate.clamped(output)
    self.outputBound = outputBound.map(TokenEstimate.clamped)
    self.choices = min(max(choices, 1), 1000)
  }

  /// Estimates a request.
  ///
  /// - Parameters:
  ///   - requestedOutput: the request's own bound for one reply (`max_tokens`, `max_completion_tokens`,
  ///     `max_output_tokens`); 0 for embeddings, which have no output.
  ///   - averageOutput: what replies of the model have had so far (`LimitBook.averageOutput`).
  ///   - choices: the request's `n`.
  public init(_ body: BodyCensus, requestedOutput: Int?, averageOutput: Int, choices: Int = 1) {
    let number = min(max(choices, 1), 1000)
    let asked = requestedOutput.map(TokenEstimate.clamped)
    let average = TokenEstimate.clamped(averageOutput)
    let (plain, other) = (TokenEstimate.clamped(body.plainBytes), TokenEstimate.clamped(body.otherBytes))
    let encoded = TokenEstimate.clamped(body.encodedParts)
    let input =
      (plain + TokenEstimate.plainBytesPerToken - 1) / TokenEstimate.plainBytesPerToken
      + (other + TokenEstimate.otherBytesPerToken - 1) / TokenEstimate.otherBytesPerToken
      + encoded * TokenEstimate.tokensPerEncodedPart
    self.init(
      input: input, output: min(asked ?? average, average) * number, outputBound: asked.map { $0 * number },
      inputBound: plain + other + encoded * TokenEstimate.mostTokensPerEncodedPart, choices: number)
  }

  /// The request goes to another model, with this output bound for one reply; what is expected of it stays.
  mutating func isBound(to bound: Int?) {
    outputBound = bound.map { TokenEstimate.clamped(TokenEstimate.clamped($0) * choices) }
    unheldOutput = nil
  }

  /// The model takes no output bound.
  ///
  /// - Parameter asked: the bound that the request named.
  mutating func isHeldToNoBound(asked: Int?) { unheldOutput = TokenEstimate.clamped(asked ?? 0) }

  /// Nothing is expected; for requests that no rule on tokens or money covers.
  public static let none = TokenEstimate(input: 0, output: 0, outputBound: 0)

  /// Expected tokens in all.
  public var total: Int { input + output }

  private static func clamped(_ count: Int) -> Int { min(max(count, 0), largest) }
}
