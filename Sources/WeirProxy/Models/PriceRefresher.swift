import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirMetrics
import WeirPolicy
import WeirWire

/// Reads the upstreams' model lists now and then, and puts the prices that they publish in effect. A task of its own:
/// only the bytes arrive on an event loop.
final class PriceRefresher: Sendable {
  private struct Book {
    var prices = PriceList.empty
    /// Upstreams whose last look failed: one that stays away is one line in the log.
    var failing: Set<String> = []
    /// Seconds since 1970; nil before the first success.
    var lastSuccess: Double?
  }

  private enum Look { case prices([PublishedPrices.Entry], ignored: Int), failure(String) }

  /// Starting up is not the time to ask others; and between two looks at the clock.
  private static let step = Duration.seconds(1)
  /// A look that failed for all is repeated after this many seconds, where the next one would come later.
  private static let retrySeconds: Int64 = 300
  /// Pages of a list beyond these are not asked for.
  private static let maximumPages = 20

  private let state: ProxyState
  private let loops: LoopDirectory
  private let eventLoop: any EventLoop
  private let live: LiveConfiguration
  private let logger: Logger
  private let results: CounterFamily
  private let ignored: Counter
  private let book = Mutex(Book())

  init(state: ProxyState, loops: LoopDirectory, eventLoop: any EventLoop, live: LiveConfiguration, logger: Logger) {
    self.state = state
    self.loops = loops
    self.eventLoop = eventLoop
    self.live = live
    self.logger = logger
    let registry = state.metrics.registry
    results = registry.counter(
      "weir_price_refreshes_total", help: "Looks at an upstream's model list for prices; none where it has none.",
      labels: ["result"])
    ignored = registry.counter(
      "weir_price_entries_ignored_total", help: "Models of upstreams' lists whose prices cannot be."
    ).child()
    registry.observed(
      "weir_price_last_refresh_timestamp_seconds", help: "When an upstream last told prices.", kind: .gauge
    ) { [unowned self] in book.withLock { $0.lastSuccess }.map { [(labels: [], value: $0)] } ?? [] }
  }

  /// Until the task is cancelled.
  func run() async {
    var dueAt: Int64 = 0
    var interval = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.step)
      let seconds = state.current.configuration.pricing.refreshSeconds
      // A reload that changes the interval is followed at once.
      if seconds != interval { dueAt = 0 }
      interval = seconds
      guard seconds > 0, !state.isDraining, !Task.isCancelled, WallClock.monotonicSeconds() >= dueAt else { continue }
      let succeeded = await refresh()
      let wait = Int64(seconds)
      // Many weirs that were started together must not ask together for ever.
      dueAt =
        WallClock.monotonicSeconds()
        + (succeeded ? wait - Int64.random(in: 0...wait / 10) : min(wait, Self.retrySeconds))
    }
  }

  /// Asks every upstream once. False where none could be asked.
  private func refresh() async -> Bool {
    let snapshot = state.current
    var looks: [String] = []
    for upstream in snapshot.upstreams {
      switch await look(at: upstream) {
      case .failure(let reason):
        looks.append("failure")
        note(failureOf: upstream.name, reason)
      case .prices(let entries, let count):
        looks.append(entries.isEmpty ? "none" : "success")
        ignored.increment(by: Double(count))
        note(entries, of: upstream.name, ignored: count)
      }
    }
    live.use(book.withLock { $0.prices }, from: snapshot)
    // Who sees the count finds the prices in effect.
    for result in looks { results.child([result]).increment() }
    return looks.contains { $0 != "failure" }
  }

  private func look(at upstream: UpstreamRuntime) async -> Look {
    let reader = JSONReader()
    var entries: [PublishedPrices.Entry] = []
    var ignored = 0
    var query: String?
    for _ in 0..<Self.maximumPages {
      let (eventLoop, loops, page) = (eventLoop, loops, query)
      let outcome = try? await eventLoop.flatSubmit {
        ModelListFetch.start(on: loops.context(of: eventLoop), from: upstream, query: page)
      }.get()
      let body: ByteBuffer
      switch outcome {
      case .success(let bytes): body = bytes
      case .failure(let failure): return .failure(failure.reason)
      case nil: return .failure("weir is ending")
      }
      let found = unsafe body.withUnsafeReadableBytes { unsafe PublishedPrices.read($0, json: reader) }
      guard let found else { return .failure("the reply is no list of models") }
      entries += found.entries
      ignored += found.ignored
      query = found.nextQuery
      if query == nil || entries.count >= PriceList.maximumModels { break }
    }
    return .prices(entries, ignored: ignored)
  }

  private func note(_ entries: [PublishedPrices.Entry], of upstream: String, ignored: Int) {
    book.withLock { book in
      book.failing.remove(upstream)
      // A list without prices, as most servers have it, says nothing about prices.
      guard !entries.isEmpty else { return }
      book.lastSuccess = WallClock.seconds()
      book.prices.replace(
        upstream,
        with: entries.map { entry in
          (
            entry.model,
            ModelPrices(input: entry.input, output: entry.output, cached: entry.cached, reasoning: entry.reasoning)
          )
        })
    }
    logger.info(
      "prices",
      metadata: ["upstream": "\(upstream)", "models": "\(entries.count)", "ignored": "\(ignored)"])
  }

  private func note(failureOf upstream: String, _ reason: String) {
    guard !state.isDraining, book.withLock({ $0.failing.insert(upstream).inserted }) else { return }
    logger.warning(
      "prices not read; the last ones known stay in effect",
      metadata: ["upstream": "\(upstream)", "reason": "\(reason)"])
  }
}
