import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

/// A configuration from variables alone, as if there were no files.
func configuration(_ environment: [String: String] = [:]) throws -> Configuration {
  try ConfigurationLoader.load(
    ConfigurationSources(environment: environment, configPath: nil, envFilePath: nil),
    readFile: { path in throw FileReadError(path: path, reason: .notFound) })
}

/// A request's head.
func requestHead(
  _ fields: [(String, String)], method: HTTPMethod = .POST, uri: String = "/v1/chat/completions"
) -> HTTPRequestHead {
  HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: HTTPHeaders(fields))
}

/// What a step refuses with, or nil when it lets the request pass.
func refusal(_ step: () throws(Refusal) -> Void) -> Refusal? {
  do {
    try step()
    return nil
  } catch {
    return error
  }
}

/// A JSON object's envelope; throws what keeps it from being one, doubled keys included.
func envelope(_ json: [UInt8]) throws -> Envelope {
  let result: Result<Envelope, EnvelopeError> = unsafe json.withUnsafeBytes { region in
    Result { () throws(EnvelopeError) in try unsafe EnvelopeParser().parse(region) }
  }
  return try result.get()
}

extension Exchange {
  /// A request to the chat API for a model, as it is when it goes upstream. The model may be one that is refused in
  /// fact: what writes names into headers and lines must not rely on that.
  static func sent(model: String = "kimi-k2", path: String = "/v1/chat/completions") throws -> Exchange {
    let catalog = ModelCatalog.builtIn
    let policy = PolicySnapshot(
      clients: ClientDirectory(), models: catalog,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: catalog))
    let head = RequestHead(method: "POST", target: path)
    let (exchange, _) = RequestPath.open(head, requestID: "req_1", policy: policy, now: 1_000_000, wall: 0)
    let body = Array(#"{"model":"kimi-k2"}"#.utf8)
    let shared = SharedPolicy(policy)
    _ = try RequestPath.admit(
      exchange, head: head, envelope: envelope(body), policy: policy, shared: shared, random: 0, now: 2_000_000,
      wall: 0, threadTime: { 0 }, census: { BodyCensus(body.span) }
    ) { String(decoding: body[$0], as: UTF8.self) }
    exchange.askedModel = model
    exchange.model = catalog.resolve(model)
    exchange.sentModel = exchange.model?.upstreamID
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 3_234_567)
    exchange.upstream = "openrouter.ai"
    return exchange
  }

  /// The same, after a reply.
  static func replied(status: Int = 200, model: String = "kimi-k2") throws -> Exchange {
    let exchange = try sent(model: model)
    RequestPath.replied(exchange, status: status, now: 13_234_567)
    return exchange
  }
}

extension RequestPath {
  /// Settles a request that holds nothing of limits.
  static func settle(_ exchange: Exchange, ending: Ending, reading: ReplyReading?, now: Int64) {
    let catalog = ModelCatalog.builtIn
    let policy = PolicySnapshot(
      clients: ClientDirectory(), models: catalog,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: catalog))
    settle(exchange, ending: ending, reading: reading, lease: nil, policy: policy, now: now, wall: 0)
  }
}
