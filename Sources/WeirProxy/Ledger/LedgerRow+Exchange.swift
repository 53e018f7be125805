import WeirPolicy
import WeirStore
import WeirWire

extension LedgerRow {
  /// Fills a new row with what the ledger keeps of a settled exchange. No initializer: a row is large, and one that calls
  /// methods would copy it.
  ///
  /// - Parameters:
  ///   - sizes: of the request's body and of all that the client was sent, in bytes.
  ///   - firstContentAt: when the reply's first output came; nil when none did.
  ///   - endedAtMilliseconds: wall time of the exchange's end, since 1970 UTC.
  mutating func fill(
    _ exchange: Exchange, sizes: AccessLog.Sizes, firstContentAt: Int64?, endedAtMilliseconds: Int64
  ) {
    timeMilliseconds = endedAtMilliseconds - max(exchange.totalTime, 0) / 1_000_000
    setAsker(exchange)
    setOutcome(exchange)
    setTokens(exchange)
    setMoney(exchange)
    setTimes(exchange, firstContentAt: firstContentAt)
    traceID = exchange.trace?.traceID
    bytesIn = Int64(sizes.received)
    bytesOut = Int64(sizes.sent)
  }

  private mutating func setAsker(_ exchange: Exchange) {
    client = exchange.client
    user = exchange.user
    endpoint = exchange.endpoint.rawValue
    askedModel = exchange.askedModel
    // As metrics call it, so that sums agree; what each upstream calls it is with the attempts.
    model = exchange.model?.upstreamID ?? exchange.sentModel
    upstream = exchange.upstream
    rollout = exchange.assignment?.rollout
    variant = exchange.assignment?.variant
    isStream = exchange.isStream
  }

  private mutating func setOutcome(_ exchange: Exchange) {
    status = exchange.status
    switch exchange.ending {
    case .complete, nil: ending = .complete
    case .broken: ending = .broken
    case .clientLeft(.reply): ending = .clientLeft
    case .clientLeft(.request), .clientLeft(.waiting):
      ending = .clientLeft
      // Whatever an upstream said, the client was gone.
      status = nil
    }
    errorCode = exchange.refusal?.code.rawValue ?? exchange.errorInReply
    cache = exchange.endpoint.readsBody ? CacheResult(exchange.cacheResult) : nil
    attempts = exchange.attempts
    fallbackFrom = exchange.fallbackFrom
    // A kept reply still says who made it, and a vote may name it by its id.
    if let reading = exchange.reading {
      provider = reading.provider
      finishReason = reading.finishReason
      generationID = reading.generationID
    } else if let kept = exchange.kept {
      provider = kept.description.reading.provider
      finishReason = kept.description.reading.finishReason
      generationID = kept.description.reading.generationID
    }
  }

  private mutating func setTokens(_ exchange: Exchange) {
    guard let metered = exchange.metered else { return }
    inputTokens = metered.input
    outputTokens = metered.output
    cachedTokens = metered.cached
    reasoningTokens = metered.reasoning
    switch metered.state {
    case .reported: usageState = .reported
    case .estimated: usageState = .estimated
    case .unknown: usageState = .unknown
    }
  }

  /// A request that no upstream was asked for cost nothing; of any other that is only known where somebody says so.
  private mutating func setMoney(_ exchange: Exchange) {
    costUSD = exchange.cost?.usd ?? (exchange.attempts == 0 ? 0 : nil)
    costSource = exchange.cost.map { CostSource($0.source) } ?? .none
    catalogCostUSD = exchange.cost?.catalogUSD
    baselineUSD = exchange.cost?.baselineUSD
    savedUSD = exchange.savedUSD
  }

  private mutating func setTimes(_ exchange: Exchange, firstContentAt: Int64?) {
    durationMicroseconds = Self.microseconds(exchange.totalTime)
    if exchange.isStream, let firstContentAt {
      firstTokenMicroseconds = Self.microseconds(firstContentAt - exchange.receivedAt)
    }
    if exchange.admittedAt != nil { ownMicroseconds = Self.microseconds(exchange.ownTime) }
    upstreamMicroseconds = exchange.upstreamTime.map(Self.microseconds)
  }

  /// Of a span in nanoseconds.
  fileprivate static func microseconds(_ nanoseconds: Int64) -> Int64 { max(nanoseconds, 0) / 1000 }
}

extension LedgerAttempt {
  /// What the ledger keeps of an attempt.
  init(_ record: AttemptRecord) {
    self.init(
      upstream: record.upstream, model: record.model, status: record.status, failure: record.failure?.label,
      durationMicroseconds: LedgerRow.microseconds(record.endedAt - record.sentAt))
  }
}

extension LedgerRow.CacheResult {
  fileprivate init(_ result: WeirPolicy.CacheResult) {
    self =
      switch result {
      case .hit: .hit
      case .coalesced: .coalesced
      case .miss: .miss
      case .bypass: .bypass
      }
  }
}

extension LedgerRow.CostSource {
  fileprivate init(_ source: Cost.Source) {
    self =
      switch source {
      case .upstream: .upstream
      case .catalog: .catalog
      case .none: .none
      }
  }
}
