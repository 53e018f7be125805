import NIOCore
import NIOPosix
import WeirProxy
import WeirUpstream

/// Makes single requests for commands, over the same engine that the proxy uses.
struct Caller: Sendable {
  private let engine: NIOLoopBound<UpstreamEngine>

  /// Lends a caller to `body` and clears away behind it.
  static func with<Result: Sendable>(
    certificateAuthorityFile: String?, honoursProxies: Bool = true, _ body: (Caller) async throws -> Result
  ) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let settings = EngineSettings.underEnvironment(
      certificateAuthorityFile: certificateAuthorityFile, honoursProxies: honoursProxies)
    let engine = try await loop.submit {
      NIOLoopBound(try UpstreamEngine(eventLoop: loop, settings: settings), eventLoop: loop)
    }.get()
    let result = try await body(Caller(engine: engine))
    try await loop.submit { engine.value.shutDown() }.get()
    try await group.shutdownGracefully()
    return result
  }

  func ask(
    _ method: String, _ url: String, fields: [(String, String)] = [], body: [UInt8]? = nil, timeouts: PhaseTimeouts
  ) async -> Result<CallReply, TransferFailure> {
    let engine = engine
    return await withCheckedContinuation { continuation in
      engine.eventLoop.execute {
        CallTransfer.start(method, url, fields: fields, body: body, timeouts: timeouts, engine: engine.value) {
          continuation.resume(returning: $0)
        }
      }
    }
  }
}
