/// One client's usual traffic, and the interval that is under way.
struct ClientWatch: Sendable {
  private struct Measure {
    var usual = UsualLevel()
    /// Intervals in a row that departed.
    var departures = 0
    /// The highest value among them.
    var departed = 0.0
    var raisedAt: Int64?
  }

  /// The least that can be an anomaly in one interval: 2 requests that become 5 are none.
  private static let fewestRequests = 20
  private static let leastCost = 0.1
  /// A mean of fewer requests says little.
  private static let tokenGroup = 10
  private static let errorGroup = 20
  /// Intervals that a batch takes at most.
  private static let batchLength = 2
  private static let fewestErrors = 10
  private static let leastErrorRate = 0.2

  private let client: String
  private var measures = [Measure](repeating: Measure(), count: AnomalyKind.allCases.count)
  private var current = ClientTraffic()
  /// Requests whose tokens, or errors, are not yet enough for a mean; over several intervals where they are few.
  private var tokenRequests = ClientTraffic()
  private var errorRequests = ClientTraffic()
  private var intervals = 0
  private(set) var lastSeen: Int64

  init(client: String, now: Int64) {
    self.client = client
    lastSeen = now
  }

  mutating func add(_ traffic: ClientTraffic, now: Int64) {
    current += traffic
    lastSeen = now
  }

  /// What the interval says before it is over: requests and cost can only grow.
  mutating func judgeEarly(_ policy: AnomalyPolicy, now: Int64) -> [Anomaly] {
    guard intervals >= policy.learnIntervals else { return [] }
    var found: [Anomaly] = []
    for (kind, value) in rates where isConfirmed(kind) && departs(kind, value, policy) {
      if let anomaly = raise(kind, value, policy, now: now) { found.append(anomaly) }
    }
    return found
  }

  /// The interval is over: it is judged, then learned from.
  mutating func close(_ policy: AnomalyPolicy, now: Int64) -> [Anomaly] {
    var found: [Anomaly] = []
    for (kind, value) in rates { take(kind, value, policy, now: now, into: &found) }
    tokenRequests += current
    if tokenRequests.meteredRequests >= Self.tokenGroup {
      let mean = Double(tokenRequests.tokens) / Double(tokenRequests.meteredRequests)
      take(.tokensPerRequest, mean, policy, now: now, into: &found)
      tokenRequests = ClientTraffic()
    }
    errorRequests += current
    if errorRequests.requests >= Self.errorGroup {
      take(.errorRate, Self.odds(errorRequests), policy, now: now, into: &found)
      errorRequests = ClientTraffic()
    }
    current = ClientTraffic()
    intervals += 1
    return found
  }

  private var rates: [(AnomalyKind, Double)] {
    [(.requestRate, Double(current.requests)), (.costRate, current.cost)]
  }

  /// Errors for each request without one; half a request keeps it finite.
  private static func odds(_ traffic: ClientTraffic) -> Double {
    Double(traffic.errors) / (Double(traffic.requests - traffic.errors) + 0.5)
  }

  private static func index(_ kind: AnomalyKind) -> Int {
    switch kind {
    case .requestRate: 0
    case .tokensPerRequest: 1
    case .costRate: 2
    case .errorRate: 3
    }
  }

  private mutating func take(
    _ kind: AnomalyKind, _ value: Double, _ policy: AnomalyPolicy, now: Int64, into found: inout [Anomaly]
  ) {
    let index = Self.index(kind)
    let departs = departs(kind, value, policy)
    if departs, isConfirmed(kind), let anomaly = raise(kind, value, policy, now: now) { found.append(anomaly) }
    if departs {
      measures[index].departures += 1
      measures[index].departed = max(measures[index].departed, value)
    } else {
      // One that was raised and soon over: a batch that may come again.
      if measures[index].departures <= Self.batchLength, isConfirmed(kind), measures[index].departed > 0,
        measures[index].raisedAt.map({ now - $0 <= Int64(Self.batchLength + 1) * policy.interval }) == true
      {
        measures[index].usual.remember(measures[index].departed, kind: kind)
      }
      measures[index].departures = 0
      measures[index].departed = 0
    }
    if measures[index].departures >= policy.learnIntervals {
      measures[index].usual.adopt(value, kind: kind)
      measures[index].departures = 0
      measures[index].departed = 0
    } else {
      measures[index].usual.learn(value, kind: kind, departs: departs)
    }
  }

  /// One very long request makes a minute's cost or ten requests' tokens: these must depart twice in a row.
  private func isConfirmed(_ kind: AnomalyKind) -> Bool {
    switch kind {
    case .requestRate, .errorRate: true
    case .tokensPerRequest, .costRate: measures[Self.index(kind)].departures > 0
    }
  }

  private func departs(_ kind: AnomalyKind, _ value: Double, _ policy: AnomalyPolicy) -> Bool {
    let usual = measures[Self.index(kind)].usual
    guard intervals >= policy.learnIntervals, usual.samples >= AnomalyPolicy.fewestIntervals,
      hasVolume(kind, value)
    else { return false }
    let thresholds = policy.thresholds
    let expected = usual.expected(kind)
    return value > expected * thresholds.factor && value > usual.peak * thresholds.peakFactor
      && usual.score(value, kind: kind, noise: noise(kind, expected)) > thresholds.score
  }

  private func hasVolume(_ kind: AnomalyKind, _ value: Double) -> Bool {
    switch kind {
    case .requestRate: value >= Double(Self.fewestRequests)
    case .tokensPerRequest: true
    case .costRate: value >= Self.leastCost
    case .errorRate:
      errorRequests.errors >= Self.fewestErrors
        && Double(errorRequests.errors) >= Self.leastErrorRate * Double(errorRequests.requests)
    }
  }

  /// What chance alone does to the logarithm: 1/√n for the count n of a Poisson process, 1/√(n·p·(1-p)) for the log
  /// odds of a share p of n (A. Agresti, Categorical Data Analysis, the delta method).
  private func noise(_ kind: AnomalyKind, _ expected: Double) -> Double {
    switch kind {
    case .requestRate: return 1 / (expected + 1).squareRoot()
    case .tokensPerRequest, .costRate: return 0
    case .errorRate:
      let count = Double(max(errorRequests.requests, 1))
      let odds = max(expected, 1 / count)
      let share = odds / (1 + odds)
      return odds / (odds + AnomalyKind.errorRate.offset) / (count * share * (1 - share)).squareRoot()
    }
  }

  private mutating func raise(
    _ kind: AnomalyKind, _ value: Double, _ policy: AnomalyPolicy, now: Int64
  ) -> Anomaly? {
    let index = Self.index(kind)
    if let raisedAt = measures[index].raisedAt, now - raisedAt < policy.coolDown { return nil }
    measures[index].raisedAt = now
    let usual = measures[index].usual
    let expected = usual.expected(kind)
    let score = usual.score(value, kind: kind, noise: noise(kind, expected))
    let scale = Double(AnomalyPolicy.minute) / Double(policy.interval)
    let (shown, expectedShown) =
      switch kind {
      case .requestRate, .costRate: (value * scale, expected * scale)
      case .tokensPerRequest: (value, expected)
      case .errorRate:
        (Double(errorRequests.errors) / Double(max(errorRequests.requests, 1)), expected / (1 + expected))
      }
    return Anomaly(kind: kind, client: client, value: shown, expected: expectedShown, score: score)
  }
}
