public import WeirConfiguration
import WeirPolicy
import WeirWire
import NIOHTTP1

/// What each step of `RequestPath` decides for a request that is not sent: the same code that serves requests, and its
/// record printed field by field.
public struct Explanation: Sendable {
  /// `step: decision`, in the order of the steps.
  public private(set) var lines: [String] = []
  /// Whether the client would get an error instead of an answer.
  public private(set) var isRefused = false

  /// Blocks for as long as reading the body's JSON takes.
  public static func explain(
    _ configuration: Configuration, path: String, headers: [(name: String, value: String)], body: [UInt8]
  ) -> Explanation {
    var explanation = Explanation()
    let snapshot = RuntimeSnapshot(configuration)
    var request = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let fields = RequestFields(request)
    var (exchange, refusal) = RequestPath.open(
      fields.head, requestID: fields.requestID ?? "req_explain", policy: snapshot.policy, now: 0)
    do throws(Refusal) {
      if let refusal { throw refusal }
      if exchange.endpoint.readsBody {
        let envelope = try Self.envelope(of: body, finding: snapshot.policy.bodyRules.memberNames)
        try RequestPath.admit(
          &exchange, head: fields.head, envelope: envelope, policy: snapshot.policy, random: 0, now: 0
        ) { String(decoding: body[$0], as: UTF8.self) }
      } else {
        RequestPath.admitUnread(&exchange, head: fields.head, now: 0)
      }
    } catch {
      refusal = error
    }
    explanation.describe(exchange, snapshot, configuration)
    explanation.describe(refusal, exchange)
    return explanation
  }

  private static func envelope(of body: [UInt8], finding names: MemberNames) throws(Refusal) -> Envelope {
    do throws(EnvelopeError) {
      return try unsafe body.withUnsafeBytes { bytes in
        Result { () throws(EnvelopeError) in try unsafe EnvelopeParser().parse(bytes, finding: names) }
      }.get()
    } catch {
      throw UnreadableBody.refusal(error)
    }
  }

  private mutating func describe(_ exchange: Exchange, _ snapshot: RuntimeSnapshot, _ configuration: Configuration) {
    lines.append("endpoint: \(exchange.endpoint.rawValue)")
    lines.append("client: \(exchange.client)" + origin("WEIR_CLIENT_KEYS", configuration))
    lines.append("user: \(exchange.user == nil ? "none (decisions that stick to a user are random)" : "given")")
    if let asked = exchange.askedModel { lines.append("model asked: \(asked)") }
    if let model = exchange.model {
      let source = model.wasRewritten && model.isKimi ? origin("KIMI_MODEL_ID", configuration) : ""
      lines.append("model sent: \(model.upstreamID)" + (model.wasRewritten ? " (alias\(source))" : " (unchanged)"))
    }
    if let assignment = exchange.assignment {
      lines.append(
        "rollout: \(assignment.headerValue) (\(assignment.reason.rawValue))"
          + origin("KIMI_ROLLOUT_PERCENTAGE", configuration))
    }
    if let from = exchange.fallbackFrom {
      lines.append("diverted from: \(from)" + origin("FEATURE_KIMI_ENABLED", configuration))
    }
    lines.append("body edits: \(exchange.edits.isEmpty ? "none" : exchange.edits.joined(separator: ", "))")
    for warning in exchange.warnings { lines.append("warning: \(warning)") }
    let target = exchange.target.map { snapshot.upstreamBase + $0.rest } ?? "none"
    lines.append("upstream: \(target)" + origin("WEIR_UPSTREAM_URL", configuration))
  }

  private mutating func describe(_ refusal: Refusal?, _ exchange: Exchange) {
    guard let refusal else {
      lines.append("decision: forward")
      return
    }
    isRefused = true
    lines.append("decision: refuse with \(refusal.status) \(refusal.code.rawValue)")
    lines.append("message: \(refusal.message(requestID: exchange.requestID))")
  }

  /// Where a setting's value came from, for people who ask why.
  private func origin(_ name: String, _ configuration: Configuration) -> String {
    guard let value = configuration.origins.first(where: { $0.name == name }) else { return "" }
    return " [\(name) from \(value.origin)]"
  }
}
