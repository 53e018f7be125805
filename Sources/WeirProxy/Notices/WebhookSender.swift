import NIOCore
import WeirConfiguration
import WeirPolicy
import WeirUpstream

/// Makes one POST to the webhook over an event loop's engine: certificates are verified, redirects are not followed.
/// Any thread may use it.
final class WebhookSender: Sendable {
  private let eventLoop: any EventLoop
  private let loops: LoopDirectory
  private let version: String

  init(eventLoop: any EventLoop, loops: LoopDirectory, version: String) {
    self.eventLoop = eventLoop
    self.loops = loops
    self.version = version
  }

  /// - Parameter done: called on the event loop, with nil for success, else with what went wrong.
  func post(
    _ body: [UInt8], id: String, to webhook: Configuration.Webhook, done: @escaping @Sendable (String?) -> Void
  ) {
    let eventLoop = eventLoop
    let loops = loops
    let version = version
    eventLoop.execute {
      NoticeTransfer.start(
        on: loops.context(of: eventLoop), body: body, id: id, version: version, to: webhook, done: done)
    }
  }

  func later(_ delay: TimeAmount, _ body: @escaping @Sendable () -> Void) {
    eventLoop.scheduleTask(in: delay, body)
  }
}

/// Follows one POST and throws the reply's body away. Lives on one event loop.
private final class NoticeTransfer: TransferReceiver {
  private static let timeouts = PhaseTimeouts(
    connect: .seconds(5), firstByte: .seconds(10), idle: .seconds(5), total: .seconds(15))

  private let done: @Sendable (String?) -> Void
  private var status: Int?
  private var isDone = false

  private init(done: @escaping @Sendable (String?) -> Void) { self.done = done }

  /// A transfer that shutting down cut short.
  deinit { if !isDone { done("the process ended") } }

  static func start(
    on loop: LoopContext, body: [UInt8], id: String, version: String, to webhook: Configuration.Webhook,
    done: @escaping @Sendable (String?) -> Void
  ) {
    let notice = NoticeTransfer(done: done)
    let url = webhook.url.reveal()
    guard let transfer = loop.engine.prepare(for: url) else {
      notice.finish("there is no room for another transfer")
      return
    }
    transfer.headers.add("Content-Type", "application/json")
    transfer.headers.add("User-Agent", "weir/\(version)")
    transfer.headers.add("x-weir-delivery", id)
    if let secret = webhook.secret {
      let signature = secret.withBytes {
        WebhookSignature.value(secret: $0, seconds: WallClock.wholeSeconds(), body: body)
      }
      transfer.headers.add("x-weir-signature", signature)
    }
    transfer.begin(
      method: "POST", url: url, body: .whole(ByteBuffer(bytes: body)), timeouts: timeouts,
      receiver: notice)
  }

  func transferReceivedHead(_ head: ResponseHead) { status = head.status }
  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {}
  func transferNeedsBody() {}
  func transferBatchEnded() {}

  func transferEnded(_ outcome: TransferOutcome) {
    if let status, (200..<300).contains(status) {
      finish(nil)
    } else if let status {
      finish("it answered \(status)")
    } else {
      finish(outcome.failure?.reason ?? "it did not answer")
    }
  }

  private func finish(_ failure: String?) {
    isDone = true
    done(failure)
  }
}
