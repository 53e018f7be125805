import NIOCore
import WeirMetrics
import WeirPolicy
import WeirStore
import WeirWire

/// Takes votes on replies, and counts them for the model and the variant that made them. Any thread may use it.
struct FeedbackDesk: Sendable {
  private let ledger: LedgerKeeper
  private let metrics: ProxyMetrics
  private let votes: CounterFamily

  init(ledger: LedgerKeeper, metrics: ProxyMetrics) {
    self.ledger = ledger
    self.metrics = metrics
    votes = metrics.registry.counter(
      "weir_feedback_total",
      help: "Votes on replies; a second one on the same reply counts where it says something else.",
      labels: ["model", "variant", "rating"])
  }

  /// Takes the body of a request for `POST /weir/feedback`. The file is read and written on a thread of the ledger's.
  ///
  /// - Parameter parser: of that event loop, on which the caller must be.
  /// - Returns: fails with a `Refusal` only.
  func submit(
    body: ByteBuffer, parser: EnvelopeParser, on eventLoop: any EventLoop
  ) -> EventLoopFuture<FeedbackReply> {
    eventLoop.preconditionInEventLoop()
    let promise = eventLoop.makePromise(of: FeedbackReply.self)
    do throws(Refusal) {
      let request = try FeedbackRequest.read(body, parser: parser)
      let vote = LedgerFeedback(
        id: request.id, rating: request.rating, score: request.score, comment: request.comment,
        timeMilliseconds: Int64(WallClock.seconds() * 1000))
      ledger.record(vote) { promise.completeWith(answer(request.id, request.rating, $0)) }
    } catch {
      promise.fail(error)
    }
    return promise.futureResult
  }

  private func answer(
    _ id: String, _ rating: LedgerFeedback.Rating, _ verdict: LedgerKeeper.Verdict
  ) -> Result<FeedbackReply, any Error> {
    switch verdict {
    case .noted(let receipt):
      count(receipt, rating)
      return .success(
        FeedbackReply(
          id: id, model: receipt.model, variant: receipt.variant, rating: rating, isReplaced: receipt.replaced != nil))
    case .unknownID: return .failure(Self.unknown)
    case .off: return .failure(Self.off)
    case .failed(let error): return .failure(Self.failed(error))
    }
  }

  private func count(_ receipt: LedgerFeedbackReceipt, _ rating: LedgerFeedback.Rating) {
    guard receipt.replaced != rating else { return }
    let model = metrics.label(model: receipt.model ?? "none")
    votes.child([model, receipt.variant ?? "none", rating.rawValue]).increment()
  }

  private static let unknown = Refusal(
    .invalidRequest, "no request in the usage ledger has that id",
    remedy: "Send the reply's id, or the x-weir-request-id or x-request-id that came with it.", status: 404,
    param: "id")

  private static let off = Refusal(
    .invalidRequest, "feedback is not kept, since the usage ledger is off",
    remedy: "Set WEIR_LEDGER to a file and start weir again.", status: 503,
    fields: [.shouldNotRetry])

  private static func failed(_ error: LedgerError) -> Refusal {
    Refusal(
      .overloaded, "the usage ledger takes no feedback: \(error.what)", remedy: "Try again later.",
      retryAfterSeconds: 5, logged: "the usage ledger takes no feedback: \(error)")
  }
}
