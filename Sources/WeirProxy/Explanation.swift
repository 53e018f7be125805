public import WeirConfiguration
import WeirPolicy
import WeirWire
import NIOHTTP1

/// What each step of `RequestPath` decides for a request that is not sent: the same code that serves requests, and its
/// record printed field by field.
public struct Explanation: Sendable {
  /// `step: decision`, in the order of the steps.
  public internal(set) var lines: [String] = []
  /// Whether the client would get an error instead of an answer.
  public private(set) var isRefused = false

  /// Blocks for as long as reading the body's JSON takes.
  public static func explain(
    _ configuration: Configuration, path: String, headers: [(name: String, value: String)], body: [UInt8]
  ) -> Explanation {
    var explanation = Explanation()
    let remembered = RememberedRollouts(configuration)
    let snapshot = RuntimeSnapshot(configuration, rollouts: remembered.table)
    let shared = SharedPolicy(snapshot.policy)
    explanation.restoreSpending(shared.limits, configuration)
    var request = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if !body.isEmpty, !request.headers.contains(name: "content-length") {
      request.headers.add(name: "content-length", value: String(body.count))
    }
    let fields = RequestFields(ClientHead(request))
    let (exchange, opening) = RequestPath.open(
      fields.head, requestID: fields.requestID ?? "req_explain", policy: snapshot.policy, now: 0,
      wall: WallClock.wholeSeconds())
    var refusal = opening
    var envelope: Envelope?
    var lease: LimitLease?
    do throws(Refusal) {
      if let refusal { throw refusal }
      if exchange.endpoint.readsBody {
        let read = try Self.envelope(of: body, finding: snapshot.policy.bodyRules.memberNames)
        envelope = read
        lease = try RequestPath.admit(
          exchange, head: fields.head, envelope: read, policy: snapshot.policy, shared: shared, random: 0, now: 0,
          wall: WallClock.wholeSeconds(), threadTime: ThreadTime.nanoseconds, census: { BodyCensus(body.span) }
        ) { String(decoding: body[$0], as: UTF8.self) }
      } else {
        lease = try RequestPath.admitUnread(
          exchange, head: fields.head, policy: snapshot.policy, shared: shared, now: 0,
          wall: WallClock.wholeSeconds())
      }
    } catch {
      refusal = error
    }
    explanation.describe(exchange, isRefused: refusal != nil, snapshot, configuration)
    if refusal == nil || refusal?.limit != nil {
      let subject = LimitSubject(exchange, envelope: envelope, models: snapshot.policy.models)
      let rules = shared.limits.rules(covering: subject, wall: WallClock.wholeSeconds())
      explanation.describe(rules, exchange, configuration)
    }
    // What it reserves of budgets is told above.
    _ = consume lease
    explanation.describe(refusal, exchange, snapshot, configuration)
    return explanation
  }

  private static func envelope(of body: [UInt8], finding names: MemberNames) throws(Refusal) -> Envelope {
    try unsafe body.withUnsafeBytes { bytes in
      unsafe UnreadableBody.envelope(of: bytes, finding: names, parser: EnvelopeParser())
    }.get()
  }

  /// - Parameter isRefused: by one of the steps, so that nothing is known of those behind it.
  private mutating func describe(
    _ exchange: Exchange, isRefused: Bool, _ snapshot: RuntimeSnapshot, _ configuration: Configuration
  ) {
    lines.append("endpoint: \(exchange.endpoint.rawValue)")
    lines.append("client: \(exchange.client)" + source("WEIR_CLIENT_KEYS", configuration))
    lines.append("user: \(exchange.user == nil ? "none (decisions that stick to a user are random)" : "given")")
    if let asked = exchange.askedModel { lines.append("model asked: \(asked)") }
    if let assignment = exchange.assignment { describe(assignment, snapshot, configuration) }
    if let from = exchange.fallbackFrom {
      let isTooLong = exchange.fallbackReason == .contextLength
      lines.append(
        "diverted from: \(from)"
          + (isTooLong
            ? " (too long for it)" + section("models.routes.by_length", configuration)
            : source("FEATURE_KIMI_ENABLED", configuration)))
    }
    if let model = exchange.model { lines.append("model sent: \(model.upstreamID)\(reason(exchange, configuration))") }
    describe(exchange.screening, isRefused ? .none : snapshot.policy.screening, configuration)
    lines.append("body edits: \(exchange.edits.isEmpty ? "none" : exchange.edits.joined(separator: ", "))")
    for warning in exchange.warnings { lines.append("warning: \(warning)") }
    describe(exchange.plan, exchange, snapshot, configuration)
    guard !isRefused else { return }
    switch exchange.cacheDecision {
    case .bypass(let reason):
      lines.append("cache: passed by (\(reason.rawValue))" + source("WEIR_CACHE_TTL", configuration))
    case .use(let use):
      lines.append("cache: kept for \(use.timeToLiveSeconds) s" + source("WEIR_CACHE_TTL", configuration))
    }
  }

  /// What each rule of screening did; it may look at other clients and models only.
  private mutating func describe(
    _ record: ScreeningRecord?, _ screening: ScreeningPolicy, _ configuration: Configuration
  ) {
    let findings = record?.findings ?? []
    for rule in screening.rules where !findings.contains(where: { $0.rule == rule.name }) {
      lines.append("screening: \(rule.name) found nothing" + section("screening.rules[\(rule.name)]", configuration))
    }
    for finding in findings {
      let count = finding.count == 1 ? "" : ", the first of \(finding.count)"
      lines.append(
        "screening: \(finding.rule) found something at \(finding.place)\(count) (\(finding.action))"
          + section("screening.rules[\(finding.rule)]", configuration))
    }
  }

  /// Where the request goes, and where after that if it fails.
  private mutating func describe(
    _ plan: AttemptPlan, _ exchange: Exchange, _ snapshot: RuntimeSnapshot, _ configuration: Configuration
  ) {
    let rest = exchange.target?.rest ?? ""
    for (place, target) in plan.targets.enumerated() {
      let upstream = snapshot.upstreams[target.upstream]
      let setting = target.upstream == 0 ? "WEIR_UPSTREAM_URL" : "upstreams.\(upstream.name)"
      let retries = snapshot.policy.retry(for: target).retries
      lines.append(
        "\(place == 0 ? "upstream" : "then"): \(upstream.base + rest)"
          + (target.key.model.isEmpty ? "" : " as \(target.key.model)") + ", \(retries) retries"
          + (target.upstream == 0 ? source(setting, configuration) : section(setting, configuration)))
    }
    if plan.targets.isEmpty { lines.append("upstream: none") }
  }

  private mutating func describe(
    _ assignment: RolloutAssignment, _ snapshot: RuntimeSnapshot, _ configuration: Configuration
  ) {
    let entry = snapshot.policy.rollouts.entry(named: assignment.rollout)
    let share = Percent(hundredths: entry?.current.share ?? 0)
    let decision =
      assignment.reason == .random
      ? "\(assignment.rollout): random for each request, \(share) % move"
      : "\(assignment.headerValue) (\(assignment.reason.rawValue))"
    lines.append("rollout: " + decision + source(of: entry, configuration))
  }

  /// A change by hand goes before the file's line, and the file's line before the environment's share.
  private func source(of entry: RolloutTable.Entry?, _ configuration: Configuration) -> String {
    if let flip = entry?.flips.last, let path = configuration.rolloutStateFile {
      return " [\(path), by \(flip.who) at \(WallClock.timestamp(Double(flip.when) / 1000))]"
    }
    guard let entry else { return "" }
    return section("rollouts[\(entry.configured.name)]", configuration)
  }

  /// Why the model that is sent is not the one that was asked for.
  private func reason(_ exchange: Exchange, _ configuration: Configuration) -> String {
    guard let asked = exchange.askedModel, let model = exchange.model, model.upstreamID != asked else {
      return " (unchanged)"
    }
    if exchange.fallbackFrom != nil { return " (the fallback)" + source("KIMI_FALLBACK_MODEL", configuration) }
    if exchange.assignment?.model != nil { return " (the rollout's variant)" }
    return " (what the name stands for)" + (model.isKimi ? source("KIMI_MODEL_ID", configuration) : "")
  }

  private mutating func describe(
    _ refusal: Refusal?, _ exchange: Exchange, _ snapshot: RuntimeSnapshot, _ configuration: Configuration
  ) {
    guard let refusal else {
      lines.append("decision: forward")
      return
    }
    isRefused = true
    lines.append(
      "decision: refuse with \(refusal.status) \(refusal.code.rawValue)"
        + list(exchange, snapshot.policy, configuration))
    lines.append("message: \(refusal.message(requestID: exchange.requestID))")
  }

  /// The list that does not allow the model, with its place.
  private func list(_ exchange: Exchange, _ policy: PolicySnapshot, _ configuration: Configuration) -> String {
    guard let asked = exchange.askedModel else { return "" }
    let decision = policy.access.decide(asked, model: policy.models.resolve(asked), catalog: policy.models)
    guard case .refused(let rule, _) = decision else { return "" }
    return section(rule == nil ? "models.allow" : "models.deny", configuration)
  }

  /// Where a setting's value came from, for people who ask why.
  private func source(_ name: String, _ configuration: Configuration) -> String {
    place(name, in: configuration.origins)
  }

  func section(_ name: String, _ configuration: Configuration) -> String {
    place(name, in: configuration.sections)
  }

  private func place(_ name: String, in rows: [EffectiveValue]) -> String {
    guard let row = rows.first(where: { $0.name == name }) else { return "" }
    return " [\(name) from \(row.origin)]"
  }
}
