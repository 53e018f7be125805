import NIOCore
import NIOPosix
import Testing

@testable import WeirUpstream

/// One engine on an event loop of its own, and a second loop for origins.
struct EngineBench: Sendable {
  let loop: any EventLoop
  let origins: MultiThreadedEventLoopGroup
  private let bound: NIOLoopBound<UpstreamEngine>

  /// Runs a test with a fresh engine for each way to a cleartext upstream, over the loop's own channels and by libcurl:
  /// whoever asks must not see a difference.
  static func with(
    _ settings: EngineSettings = EngineSettings(), wakesByKernel: Bool = true,
    _ test: (EngineBench) async throws -> Void
  ) async throws {
    for speaksDirectly in [true, false] {
      var settings = settings
      settings.speaksDirectly = speaksDirectly
      try await withOne(settings, wakesByKernel: wakesByKernel, test)
    }
  }

  /// The same for the way that the settings say.
  static func withOne(
    _ settings: EngineSettings, wakesByKernel: Bool = true, _ test: (EngineBench) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let origins = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let bound = try await loop.submit {
      NIOLoopBound(try UpstreamEngine(eventLoop: loop, settings: settings), eventLoop: loop)
    }.get()
    if wakesByKernel { try await UpstreamEngine.wakeByKernel(bound) }
    let bench = EngineBench(loop: loop, origins: origins, bound: bound)
    let result: Result<Void, any Error>
    do { result = .success(try await test(bench)) } catch { result = .failure(error) }
    try await loop.submit { bound.value.shutDown() }.get()
    try await origins.shutdownGracefully()
    try await group.shutdownGracefully()
    try result.get()
  }

  /// Runs something on the engine's loop.
  func onLoop<Answer: Sendable>(_ body: @escaping @Sendable (UpstreamEngine) throws -> Answer) async throws -> Answer {
    let bound = bound
    return try await loop.submit { try body(bound.value) }.get()
  }

  /// Begins a transfer; `prepare` may act on it and its recorder before and after the begin. The reply
  /// of a cancelled transfer fails once its recorder is gone.
  func begin(
    _ request: EngineRequest, then act: @escaping @Sendable (any Transfer, ReplyRecorder) -> Void = { _, _ in }
  ) async throws -> RunningTransfer {
    try await onLoop { engine in
      let promise = engine.eventLoop.makePromise(of: RecordedReply.self)
      let recorder = ReplyRecorder(promise)
      let transfer = try #require(engine.prepare(for: request.url))
      for (name, value) in request.headers { transfer.headers.add(name, value) }
      for name in ["Accept", "Expect", "Content-Type"] { transfer.headers.suppress(name) }
      request.onPrepared(transfer, recorder)
      transfer.begin(
        method: request.method, url: request.url, body: request.body.asked, timeouts: request.timeouts,
        expectsStream: request.expectsStream, receiver: recorder)
      act(transfer, recorder)
      return RunningTransfer(
        reply: promise.futureResult, bound: NIOLoopBound((transfer, recorder), eventLoop: engine.eventLoop))
    }
  }

  /// The whole reply.
  func run(_ request: EngineRequest) async throws -> RecordedReply {
    try await begin(request).reply.get()
  }
}

/// What a test asks of an engine.
struct EngineRequest: Sendable {
  /// As `RequestBody`, for tests that pass it between threads.
  enum Body: Sendable {
    case none
    case whole(ByteBuffer)
    case parts([ByteBuffer])
    case streaming(length: Int64?)

    var asked: RequestBody {
      switch self {
      case .none: .none
      case .whole(let bytes): .whole(bytes)
      case .parts(let parts): .parts(parts)
      case .streaming(let length): .streaming(length: length)
      }
    }
  }

  var method = "GET"
  var url: String
  var headers: [(name: String, value: String)] = []
  var body = Body.none
  var timeouts = PhaseTimeouts(
    connect: 20_000_000_000, firstByte: 20_000_000_000, idle: 20_000_000_000, total: 40_000_000_000)
  var expectsStream = false
  /// Called on the loop before the request begins.
  var onPrepared: @Sendable (any Transfer, ReplyRecorder) -> Void = { _, _ in }

  init(_ method: String = "GET", _ url: String, body: Body = .none) {
    self.method = method
    self.url = url
    self.body = body
  }
}

/// A transfer that was begun.
struct RunningTransfer: Sendable {
  let reply: EventLoopFuture<RecordedReply>
  let bound: NIOLoopBound<(any Transfer, ReplyRecorder)>

  /// Does something with the transfer on its loop.
  func onLoop<Answer: Sendable>(
    _ body: @escaping @Sendable (any Transfer, ReplyRecorder) -> Answer
  ) async throws -> Answer {
    let bound = bound
    return try await reply.eventLoop.submit { body(bound.value.0, bound.value.1) }.get()
  }
}
