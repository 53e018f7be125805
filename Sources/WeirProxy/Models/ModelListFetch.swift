import NIOCore
import WeirUpstream

/// Follows weir's own request for one page of an upstream's model list. Lives on one event loop; what it brings is read
/// elsewhere, since a list of a megabyte would hold requests up.
final class ModelListFetch: TransferReceiver {
  /// The page, or a plain sentence on why there is none.
  typealias Outcome = Result<ByteBuffer, Failure>

  struct Failure: Error {
    let reason: String
  }

  /// Nobody waits for the list, but a server that hangs must not hold the next look up either.
  private static let longestNanoseconds: Int64 = 30_000_000_000

  private let promise: EventLoopPromise<Outcome>
  private let collection: ModelListCollection
  private let allocator = ByteBufferAllocator()
  private var body: ByteBuffer
  private var fault: String?
  private var isAnswered = false

  private init(loop: LoopContext) {
    promise = loop.eventLoop.makePromise(of: Outcome.self)
    collection = ModelListCollection(isShared: true, allowance: loop.state.bufferedBytes)
    body = allocator.buffer(capacity: 0)
  }

  /// One that shutting down cut short has no answer.
  deinit { if !isAnswered { promise.succeed(.failure(Failure(reason: "weir is ending"))) } }

  /// - Parameter query: of the page, without `?`; nil for the first.
  static func start(on loop: LoopContext, from upstream: UpstreamRuntime, query: String?) -> EventLoopFuture<Outcome> {
    let fetch = ModelListFetch(loop: loop)
    // An engine that is shut down takes no more.
    let url = upstream.base + "/models" + (query.map { "?" + $0 } ?? "")
    guard !loop.state.isDraining, let transfer = loop.engine.prepare(for: url) else {
      fetch.answer(.failure(Failure(reason: "weir is ending, or has no memory for a request")))
      return fetch.promise.futureResult
    }
    upstream.addOwnFields(to: transfer.headers)
    var timeouts = upstream.timeouts
    timeouts.total = min(timeouts.total, longestNanoseconds)
    transfer.begin(
      method: "GET", url: url, body: .none, timeouts: timeouts, receiver: fetch)
    return fetch.promise.futureResult
  }

  func transferReceivedHead(_ head: ResponseHead) {
    let reply = ReplyHead(head, allocator: allocator)
    if head.status != 200 {
      fault = "the upstream answered with status \(head.status)"
    } else if reply.contentEncoding.map({ $0 != "identity" && !$0.isEmpty }) ?? false {
      fault = "the list came in a coding that was not asked for"
    } else if !collection.takes(reply, status: head.status) {
      fault = "the list is too large, or no document"
    }
  }

  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {
    guard fault == nil else { return }
    guard collection.holds(body.readableBytes + bytes.count) else {
      fault = "the list is too large"
      body.clear()
      return
    }
    unsafe _ = body.writeBytes(bytes)
  }

  func transferNeedsBody() {}
  func transferBatchEnded() {}

  func transferEnded(_ outcome: TransferOutcome) {
    if let reason = outcome.failure?.reason ?? fault { return answer(.failure(Failure(reason: reason))) }
    answer(.success(body))
  }

  private func answer(_ outcome: Outcome) {
    isAnswered = true
    promise.succeed(outcome)
  }
}

extension UpstreamRuntime {
  /// What a request of weir's own to the upstream carries: the operator's key and fields, never a client's.
  func addOwnFields(to headers: HeaderList) {
    if let authorization, !sets("authorization") { headers.add("Authorization", authorization) }
    for (name, value) in self.headers { headers.add(name, value) }
    if !sets("accept") { headers.add("Accept", "application/json") }
  }
}
