/// What the record said after an attempt whose whole reply is kept, in case that no later attempt brings any.
public struct EarlierAttempt: Sendable {
  private let status: Int?
  private let upstream: String?
  private let model: ResolvedModel?
  private let sentModel: String?
  private let edits: [String]
  private let hidesStreamUsage: Bool
  private let repliesAsStream: Bool?
  private let warnings: [String]
  private let fallbackFrom: String?
  private let fallbackReason: FallbackReason?

  /// The attempt that has just ended.
  public init(_ exchange: Exchange) {
    status = exchange.status
    upstream = exchange.upstream
    model = exchange.model
    sentModel = exchange.sentModel
    edits = exchange.edits
    hidesStreamUsage = exchange.hidesStreamUsage
    repliesAsStream = exchange.repliesAsStream
    warnings = exchange.warnings
    // The step that follows is noted by now: the attempt itself was not a fallback from its own model.
    let isFallback = exchange.fallbackFrom != exchange.model?.upstreamID
    fallbackFrom = isFallback ? exchange.fallbackFrom : nil
    fallbackReason = isFallback ? exchange.fallbackReason : nil
  }

  /// Makes the record tell of this attempt again.
  func restore(_ exchange: Exchange) {
    exchange.status = status
    exchange.upstream = upstream
    exchange.model = model
    exchange.sentModel = sentModel
    exchange.edits = edits
    exchange.hidesStreamUsage = hidesStreamUsage
    exchange.repliesAsStream = repliesAsStream
    exchange.warnings = warnings
    exchange.fallbackFrom = fallbackFrom
    exchange.fallbackReason = fallbackReason
  }
}
