import NIOCore
import WeirPolicy
import WeirStore
import WeirWire

/// What `/health` says: each upstream as it was seen in passing, and what that means for the whole.
struct HealthDocument {
  private let state: ProxyState
  private let startedAt: NIODeadline
  private let reports: [UpstreamHealth.Report]
  private let circuits: [String: CircuitState]
  private let ledgerProblem: LedgerError?
  /// What else cannot be written, and why.
  private let fileProblems: [(name: StaticString, reason: String)]

  init(state: ProxyState, startedAt: NIODeadline) {
    self.state = state
    self.startedAt = startedAt
    reports = state.health.reports
    ledgerProblem = state.ledger.problem
    fileProblems = state.filesWritten.compactMap { name, problem in problem.map { (name, $0) } }
    let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    // The worst of an upstream's models stands for it.
    circuits = Dictionary(
      state.shared.attempts.states(now: now).map { ($0.key.upstream, $0.state) },
      uniquingKeysWith: { $0.rawValue >= $1.rawValue ? $0 : $1 })
  }

  /// In seconds, by a clock that nobody sets.
  static func uptime(since start: NIODeadline) -> Double { Double((NIODeadline.now() - start).nanoseconds) / 1e9 }

  /// No upstream works.
  var isUnhealthy: Bool { reports.allSatisfy { $0.status == .unhealthy } }

  private var status: UpstreamHealth.Status {
    if isUnhealthy { return .unhealthy }
    let isWhole =
      reports.allSatisfy { $0.status == .healthy } && circuits.values.allSatisfy { $0 == .closed }
      && ledgerProblem == nil && fileProblems.isEmpty && state.store?.isUp != false
    return isWhole ? .healthy : .degraded
  }

  var json: [UInt8] {
    var upstreams: [UInt8] = [UInt8(ascii: "[")]
    for (index, report) in reports.enumerated() {
      if index > 0 { upstreams.append(UInt8(ascii: ",")) }
      upstreams += upstream(report)
    }
    upstreams.append(UInt8(ascii: "]"))
    var line = JSONLine()
    line.add("status", status.rawValue)
    line.add("uptime_seconds", json: Self.thousandths(Self.uptime(since: startedAt)))
    line.add("upstreams", json: upstreams)
    if let ledgerProblem { line.add("ledger", "\(ledgerProblem)") }
    for problem in fileProblems { line.add(problem.name, problem.reason) }
    if let store = state.store { line.add("shared_state", json: Self.sharedState(store)) }
    line.add("timestamp", WallClock.timestamp(WallClock.seconds()))
    return line.finish()
  }

  private func upstream(_ report: UpstreamHealth.Report) -> [UInt8] {
    var line = JSONLine()
    line.add("name", report.name)
    line.add("status", report.status.rawValue)
    line.add("response_time_ms", json: report.responseMilliseconds.map(Self.thousandths) ?? Self.null)
    line.add(
      "last_success", json: report.lastSuccess.map { JSONText.quotedBytes(WallClock.timestamp($0)) } ?? Self.null)
    line.add("circuit", (circuits[report.name] ?? .closed).label)
    return line.finish()
  }

  private static func sharedState(_ store: SharedStore) -> [UInt8] {
    var line = JSONLine()
    line.add("up", store.isUp)
    line.add("sidecars", store.fleetSize)
    if !store.isUp { line.add("reason", store.trouble) }
    return line.finish()
  }

  private static let null = Array("null".utf8)

  private static func thousandths(_ number: Double) -> [UInt8] { Array("\((number * 1000).rounded() / 1000)".utf8) }
}
