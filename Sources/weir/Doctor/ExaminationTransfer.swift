import FoundationEssentials
import NIOCore
import WeirUpstream

/// A reply that a step of the examination got, whole.
struct ExaminationReply: Sendable {
  let status: Int
  let body: [UInt8]
  let headMilliseconds: Double
  let milliseconds: Double

  func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(body))
  }
}

/// Collects one reply, up to a bound. Lives on one event loop.
final class ExaminationTransfer: TransferReceiver {
  /// A list of models is the largest reply asked for.
  private static let maximumBytes = 16 * 1024 * 1024

  private let done: (Result<ExaminationReply, TransferFailure>) -> Void
  private let startedAt = NIODeadline.now()
  private var headAt: NIODeadline?
  private var status = 0
  private var body: [UInt8] = []

  private init(done: @escaping (Result<ExaminationReply, TransferFailure>) -> Void) { self.done = done }

  static func start(
    _ method: String, _ url: String, body: [UInt8]?, access: UpstreamAccess, engine: UpstreamEngine,
    done: @escaping (Result<ExaminationReply, TransferFailure>) -> Void
  ) {
    guard let transfer = engine.prepare() else {
      done(.failure(TransferFailure(kind: .local, reason: "there is no memory for a request")))
      return
    }
    if let authorization = access.authorization { transfer.headers.add("Authorization", authorization) }
    transfer.headers.add("Accept", "application/json")
    if body != nil { transfer.headers.add("Content-Type", "application/json") }
    transfer.headers.suppress("Expect")
    transfer.begin(
      method: method, url: url, body: body.map { .whole(ByteBuffer(bytes: $0)) } ?? .none,
      timeouts: access.timeouts, receiver: ExaminationTransfer(done: done))
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
        ExaminationReply(
          status: status, body: body, headMilliseconds: milliseconds(to: headAt ?? .now()),
          milliseconds: milliseconds(to: .now()))))
  }

  private func milliseconds(to end: NIODeadline) -> Double {
    Double((end - startedAt).nanoseconds) / 1e6
  }
}

// The few members that the examination reads, named as on the wire.

struct KeyReply: Decodable {
  struct Key: Decodable { let limit_remaining: Double? }
  let data: Key
}

struct CreditsReply: Decodable {
  struct Credits: Decodable {
    let total_credits: Double
    let total_usage: Double
  }
  let data: Credits
}

struct ModelsReply: Decodable {
  struct Model: Decodable { let id: String }
  let data: [Model]
}

struct CompletionRequest: Encodable {
  struct Message: Encodable {
    let role: String
    let content: String
  }
  let model: String
  let max_tokens: Int
  let messages: [Message]
}

struct CompletionReply: Decodable {
  struct Choice: Decodable {
    struct Message: Decodable { let content: String? }
    let message: Message?
  }
  struct Usage: Decodable {
    let prompt_tokens: Int
    let completion_tokens: Int
    let cost: Double?
  }
  let choices: [Choice]?
  let usage: Usage?
  let provider: String?
}

struct ErrorReply: Decodable {
  struct Fault: Decodable { let message: String }
  let error: Fault
}
