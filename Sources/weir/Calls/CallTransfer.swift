import FoundationEssentials
import NIOCore
import WeirUpstream

/// A reply, whole.
struct CallReply: Sendable {
  let status: Int
  let body: [UInt8]
  let headMilliseconds: Double
  let milliseconds: Double

  func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(body))
  }
}

/// Collects one reply, up to a bound. Lives on one event loop.
final class CallTransfer: TransferReceiver {
  /// A list of models is the largest reply asked for.
  private static let maximumBytes = 16 * 1024 * 1024

  private let done: (Result<CallReply, TransferFailure>) -> Void
  private let startedAt = NIODeadline.now()
  private var headAt: NIODeadline?
  private var status = 0
  private var body: [UInt8] = []

  private init(done: @escaping (Result<CallReply, TransferFailure>) -> Void) { self.done = done }

  /// - Parameter fields: name and value of each header.
  static func start(
    _ method: String, _ url: String, fields: [(String, String)], body: [UInt8]?, timeouts: PhaseTimeouts,
    engine: UpstreamEngine, done: @escaping (Result<CallReply, TransferFailure>) -> Void
  ) {
    guard let transfer = engine.prepare(for: url) else {
      done(.failure(TransferFailure(kind: .local, reason: "there is no memory for a request")))
      return
    }
    for (name, value) in fields { transfer.headers.add(name, value) }
    transfer.headers.add("Accept", "application/json")
    if body != nil { transfer.headers.add("Content-Type", "application/json") }
    transfer.headers.suppress("Expect")
    transfer.begin(
      method: method, url: url, body: body.map { .whole(ByteBuffer(bytes: $0)) } ?? .none, timeouts: timeouts,
      receiver: CallTransfer(done: done))
  }

  func transferReceivedHead(_ head: ResponseHead) {
    status = head.status
    headAt = NIODeadline.now()
  }

  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {
    if body.count + bytes.count <= Self.maximumBytes { unsafe body.append(contentsOf: bytes) }
  }

  func transferNeedsBody() {}
  func transferBatchEnded() {}

  func transferEnded(_ outcome: TransferOutcome) {
    if let failure = outcome.failure {
      done(.failure(failure))
      return
    }
    done(
      .success(
        CallReply(
          status: status, body: body, headMilliseconds: milliseconds(to: headAt ?? .now()),
          milliseconds: milliseconds(to: .now()))))
  }

  private func milliseconds(to end: NIODeadline) -> Double {
    Double((end - startedAt).nanoseconds) / 1e6
  }
}
