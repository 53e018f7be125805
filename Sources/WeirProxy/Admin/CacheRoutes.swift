import Logging
import NIOHTTP1
import WeirPolicy
import WeirWire

/// `DELETE /cache`, whole or `?model=PATTERN`: kept replies go, for models that fit the pattern. Any thread may use it.
struct CacheRoutes: Sendable {
  let state: ProxyState

  /// Nil when the path is not this one.
  func answer(_ request: AdminRequest, who: String) -> AdminReply? {
    guard request.path == "/cache" else { return nil }
    switch request.head.method {
    case .GET, .HEAD: return show()
    case .DELETE:
      let model = request.query("model")
      // Who mistypes the parameter wants some replies gone, not all.
      guard model != nil || !request.hasQuery else {
        return .text(400, "The only parameter is model: DELETE /cache?model=PATTERN; without any, all replies go.\n")
      }
      return remove(model, who: who)
    default:
      var reply = AdminReply.text(405, "This page does not take \(request.head.method.rawValue).\n")
      reply.fields = [("allow", "GET, HEAD, DELETE")]
      return reply
    }
  }

  private func show() -> AdminReply {
    let statistics = state.shared.cache.statistics
    var line = JSONLine()
    line.add("entries", statistics.entries)
    line.add("bytes", statistics.bytes)
    line.add("maximum_bytes", state.current.policy.cache.maximumBytes)
    return .json(200, line.finish())
  }

  private func remove(_ model: Substring?, who: String) -> AdminReply {
    let cache = state.shared.cache
    let pattern = model.map { ModelRequest.decoded($0) }
    let removed = pattern.map { cache.remove(model: ModelPattern($0)) } ?? cache.removeAll()
    state.logger.notice(
      "cache emptied", metadata: ["entries": "\(removed)", "model": "\(pattern ?? "*")", "who": "\(who)"])
    state.audit?.record(
      AuditEvent(.cacheFlushed).with("who", who).with("model", pattern.map { String($0.prefix(256)) } ?? "*")
        .with("entries", removed))
    let isTold = state.fleetCache?.clear(pattern)
    var line = JSONLine()
    line.add("removed", removed)
    // False: the store is not there, and the others hear of it when it is back.
    if let isTold { line.add("fleet", isTold) }
    return .json(200, line.finish())
  }
}
