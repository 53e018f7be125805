import Glibc
import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirMetrics
import WeirWire

/// What the admin listener serves. Any thread may use it.
struct AdminRoutes: Sendable {
  let handOver: HandOver
  /// Of the admin listener.
  let eventLoop: any EventLoop
  /// Of the loops that serve requests.
  let barrier: LoopBarrier
  let state: ProxyState
  let probe: UpstreamProbe
  let version: String
  let startedAt: NIODeadline
  let live: LiveConfiguration
  /// As bound at the start, whatever a reload says.
  let listeners: Configuration.Listeners

  private enum Method { case get, post }

  private static let table: [(path: String, method: Method)] = [
    ("/", .get), ("/assets/status.css", .get), ("/assets/status.js", .get), ("/metrics", .get), ("/healthz", .get),
    ("/readyz", .get), ("/health", .get), ("/status", .get),
    ("/reload", .post), ("/hand-over", .post),
  ]

  /// Whether connections are to be closed with their next reply: another process is asked over new ones. What is changed
  /// here has no effect there.
  var isLeaving: Bool { state.isHandedOver }

  func answer(_ request: AdminRequest) -> AdminAnswer {
    let settings = state.current.configuration.listeners
    let refusal = AdminAccess.refusal(
      request, listensOnLoopback: listeners.admin.isLoopback, token: settings.adminToken,
      isOpen: settings.isInsecureAccepted)
    if let refusal {
      state.audit?.record(
        AuditEvent(.adminRefused).with("who", request.peer).with("method", request.head.method.rawValue)
          .with("path", String(request.path.prefix(256))).with("status", refusal.status))
      return .now(refusal)
    }
    let isChange = ![.GET, .HEAD].contains(request.head.method) && request.path != "/hand-over"
    if isLeaving, isChange { return .now(.handedOver) }
    if let reply = RolloutRoutes(live: live).answer(request, who: request.peer) {
      return isChange ? .later(inEffect(reply)) : .now(reply)
    }
    if let reply = CacheRoutes(state: state).answer(request, who: request.peer) { return .now(reply) }
    guard let route = Self.table.first(where: { $0.path == request.path }) else {
      let paths = (Self.table.map(\.path) + ["/rollouts", "/cache"]).joined(separator: " ")
      return .now(.text(404, "There is no such page. There are: \(paths)\n"))
    }
    let method = request.head.method
    guard route.method == .get ? method == .GET || method == .HEAD : method == .POST else {
      var reply = AdminReply.text(405, "This page does not take \(method.rawValue).\n")
      reply.fields = [("allow", route.method == .get ? "GET, HEAD" : "POST")]
      return .now(reply)
    }
    return answer(request, path: route.path)
  }

  private func answer(_ request: AdminRequest, path: String) -> AdminAnswer {
    switch path {
    case "/metrics": .later(recorded { metrics(request) })
    case "/healthz": .now(.text(200, "ok\n"))
    case "/readyz": .now(readiness())
    case "/health": health(request)
    case "/status": .later(recorded { status() })
    case "/reload": .later(inEffect(reloadNow(who: request.peer)))
    case "/hand-over": .later(prepareHandOver(request))
    default: .now(StatusPage.reply(path) ?? .text(404, "There is no such page.\n"))
    }
  }

  /// What is told of the past once every reply that a client has read by now is recorded.
  private func recorded(_ reply: @escaping @Sendable () -> AdminReply) -> EventLoopFuture<AdminReply> {
    barrier.passed(on: eventLoop).map { reply() }
  }

  /// The answer to a change once every event loop has it: a request that comes after the answer must not meet what was before.
  /// One that is stuck is not waited for until the client gives up, and takes the change for not made.
  private func inEffect(_ reply: AdminReply) -> EventLoopFuture<AdminReply> {
    let atLatest = eventLoop.scheduleTask(in: Self.longestWait) { reply }
    barrier.passed(on: eventLoop).whenComplete { _ in atLatest.cancel() }
    return atLatest.futureResult.recover { _ in reply }
  }

  /// Half of what `weir rollout` waits.
  private static let longestWait = TimeAmount.seconds(5)

  private func metrics(_ request: AdminRequest) -> AdminReply {
    let format = ExpositionFormat.negotiated(accept: request.head.headers.first(name: "accept"))
    var reply = AdminReply(
      status: 200, contentType: format.contentType, body: state.metrics.registry.exposition(format))
    reply.fields = [("vary", "accept, accept-encoding")]
    let accepted = request.head.headers["accept-encoding"].joined(separator: ",")
    if AcceptEncoding.allowsGzip(accepted), let compressed = Gzip.compress(reply.body, level: 1) {
      reply.body = compressed
      reply.fields.append(("content-encoding", "gzip"))
    }
    return reply
  }

  private func readiness() -> AdminReply {
    guard state.isDraining else { return .json(200, Array(#"{"ready":true}"#.utf8)) }
    return .json(503, Array(#"{"ready":false,"reasons":["draining: weir is shutting down"]}"#.utf8))
  }

  private func health(_ request: AdminRequest) -> AdminAnswer {
    guard request.query("probe") == "1", !barrier.loopsStop else { return .now(healthReply()) }
    return .later(probe.run().map { _ in self.healthReply() })
  }

  private func healthReply() -> AdminReply {
    let health = HealthDocument(state: state, startedAt: startedAt)
    return .json(health.isUnhealthy ? 503 : 200, health.json)
  }

  private func status() -> AdminReply {
    let configuration = state.current.configuration
    let now = WallClock.seconds()
    let document = StatusDocument(
      version: version, uptimeSeconds: HealthDocument.uptime(since: startedAt),
      upstream: configuration.upstream.url.description,
      kimiModel: configuration.kimi.modelID, inFlight: state.inFlight.inUse, connections: state.connections.inUse,
      bufferedBytes: state.bufferedBytes.inUse, isDraining: state.isDraining,
      needsToken: configuration.listeners.adminToken != nil,
      health: HealthDocument(state: state, startedAt: startedAt).json,
      rollouts: RolloutRoutes(live: live).list, seriesBound: state.metrics.seriesBound(configuration),
      reading: state.history.reading(second: Int64(now)), anomalies: state.anomalies.newestFirst)
    return .json(200, document.json)
  }

  private func prepareHandOver(_ request: AdminRequest) -> EventLoopFuture<AdminReply> {
    let version = version
    let successor = request.query("pid").flatMap { Int32($0) }
    return handOver.prepare(for: successor, on: eventLoop).map {
      var line = JSONLine()
      line.add("pid", Int(getpid()))
      line.add("version", version)
      return .json(200, line.finish())
    }.flatMapErrorThrowing { error in
      if case HandOver.Failure.isTaken = error { return .text(409, "Nothing to take over: \(error).\n") }
      return .text(500, "The listeners' addresses cannot be shared: \(error)\n")
    }
  }

  private func reloadNow(who: String) -> AdminReply {
    switch live.reload(who: who) {
    case .success: .json(200, Array(#"{"reloaded":true}"#.utf8))
    case .failure(let problems): .text(422, "The configuration was not changed.\n\(problems)\n")
    }
  }
}

extension JSONText {
  /// A JSON string as bytes.
  static func quotedBytes(_ text: String) -> [UInt8] { Array(quoted(text).utf8) }
}
