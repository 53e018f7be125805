import NIOCore

@testable import WeirUpstream

/// A transfer's reply as its receiver saw it.
struct RecordedReply: Sendable {
  var status: Int?
  /// Header lines as they came, in lower case.
  var fields = ""
  var body: [UInt8] = []
  /// How often a batch was closed.
  var batches = 0
  /// How often the request's body was asked for.
  var bodyWishes = 0
  /// Calls after the end, and heads after the first; there must be none.
  var surplusCalls = 0
  var failure: TransferFailure.Kind?
  var reason: String?
  var reusedConnection: Bool?

  var text: String { String(decoding: body, as: UTF8.self) }
  /// The lines of what an echo origin repeats, without the body.
  var echoedHead: [Substring] {
    text.prefix(upTo: text.firstRange(of: "\n\n")?.lowerBound ?? text.endIndex).split(separator: "\n")
  }
  var echoedBody: Substring { text.suffix(from: text.firstRange(of: "\n\n")?.upperBound ?? text.endIndex) }
}

/// Writes down what a transfer reports, and fulfils a promise at its end. Lives on the engine's event loop.
final class ReplyRecorder: TransferReceiver {
  private(set) var reply = RecordedReply()
  private let promise: EventLoopPromise<RecordedReply>
  private var isOver = false
  /// What a test does when a part arrives: inside libcurl's own calls, where receivers really act.
  var onHead: (() -> Void)?
  var onBody: (() -> Void)?
  var onBatch: (() -> Void)?
  var onBodyWish: (() -> Void)?
  var onEnd: (() -> Void)?

  init(_ promise: EventLoopPromise<RecordedReply>) { self.promise = promise }

  /// A cancelled transfer lets its receiver go without an end.
  deinit { if !isOver { promise.fail(CancellationError()) } }

  func transferReceivedHead(_ head: ResponseHead) {
    if isOver || reply.status != nil { reply.surplusCalls += 1 }
    reply.status = head.status
    reply.fields = String(buffer: head.fields).lowercased()
    onHead?()
  }

  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {
    if isOver { reply.surplusCalls += 1 }
    unsafe reply.body.append(contentsOf: bytes)
    onBody?()
  }

  func transferNeedsBody() {
    reply.bodyWishes += 1
    onBodyWish?()
  }

  func transferBatchEnded() {
    if isOver { reply.surplusCalls += 1 }
    reply.batches += 1
    onBatch?()
  }

  func transferEnded(_ outcome: TransferOutcome) {
    if isOver { reply.surplusCalls += 1 }
    isOver = true
    reply.failure = outcome.failure?.kind
    reply.reason = outcome.failure?.reason
    reply.reusedConnection = outcome.reusedConnection
    onEnd?()
    promise.succeed(reply)
  }
}
