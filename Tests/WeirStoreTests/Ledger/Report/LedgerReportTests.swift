import Testing

@testable import WeirStore

@Suite("A report")
struct LedgerReportTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Numbers in a fixed order (SplitMix64), so that every run counts the same rows.
  private struct Draws: RandomNumberGenerator {
    var state: UInt64 = 42
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static func rows(_ count: Int) -> [LedgerRow] {
    var draws = Draws()
    return (0..<count).map { number in
      var row = LedgerRow(id: "req-\(number)", timeMilliseconds: 1_795_000_000_000 + Int64(number) * 60_000)
      row.model = ["kimi", "gpt-4", nil][Int.random(in: 0..<3, using: &draws)]
      row.client = ["a", "b"][Int.random(in: 0..<2, using: &draws)]
      row.user = "user-\(Int.random(in: 0..<40, using: &draws))"
      row.cache = LedgerRow.CacheResult.allCases.randomElement(using: &draws)
      row.status = [200, 200, 200, 404, 502, nil][Int.random(in: 0..<6, using: &draws)]
      row.errorCode = Bool.random(using: &draws) ? nil : "upstream_stream_broken"
      row.inputTokens = Bool.random(using: &draws) ? nil : Int.random(in: 0..<5_000, using: &draws)
      row.outputTokens = Int.random(in: 0..<500, using: &draws)
      // Sixteenths: their sums are exact in any order.
      row.costUSD = Bool.random(using: &draws) ? nil : Double(Int.random(in: 0..<64, using: &draws)) / 16
      row.baselineUSD = Bool.random(using: &draws) ? nil : Double(Int.random(in: 0..<64, using: &draws)) / 16
      row.savedUSD = row.cache == .hit ? 0.5 : nil
      row.durationMicroseconds = Int64.random(in: 0..<90_000_000, using: &draws)
      row.firstTokenMicroseconds = Bool.random(using: &draws) ? nil : Int64.random(in: 0..<9_000_000, using: &draws)
      row.toolCalls = .init(
        valid: Int.random(in: 0..<3, using: &draws), invalidJSON: Int.random(in: 0..<2, using: &draws),
        schemaMismatch: Int.random(in: 0..<2, using: &draws), unknownTool: Int.random(in: 0..<2, using: &draws))
      return row
    }
  }

  private func write(_ rows: [LedgerRow]) throws {
    let file = try LedgerFile(scratch.path)
    try file.write(rows.enumerated().map { LedgerEntry(row: $1, attempts: [], sequence: Int64($0)) })
    file.close()
  }

  private func report(_ by: [LedgerDimension], since: Int64? = nil) throws -> LedgerReport {
    try LedgerReader(path: scratch.path).report(LedgerQuery(sinceMilliseconds: since, by: by))
  }

  private static func percentiles(_ values: [Int64]) -> LedgerPercentiles? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func value(_ share: Double) -> Int64 { sorted[Int((share * Double(values.count)).rounded(.up)) - 1] }
    return LedgerPercentiles(p50: value(0.5), p95: value(0.95), p99: value(0.99))
  }

  /// The same numbers by the simplest way there is.
  private func expectNaive(_ totals: LedgerTotals, _ rows: [LedgerRow]) {
    #expect(totals.requests == rows.count)
    #expect(totals.errors == rows.count { $0.errorCode != nil || $0.status ?? 0 >= 400 })
    #expect(totals.inputTokens == rows.reduce(0) { $0 + ($1.inputTokens ?? 0) })
    #expect(totals.outputTokens == rows.reduce(0) { $0 + ($1.outputTokens ?? 0) })
    #expect(totals.costUSD == rows.reduce(0) { $0 + ($1.costUSD ?? 0) })
    #expect(totals.unpricedRequests == rows.count { $0.costUSD == nil })
    let known = rows.compactMap { row in row.costUSD.flatMap { cost in row.baselineUSD.map { (cost, $0) } } }
    #expect(totals.baselineUSD == known.reduce(0) { $0 + $1.1 })
    #expect(totals.savingsUSD == known.reduce(0) { $0 + $1.1 - $1.0 })
    #expect(totals.cacheHits == rows.count { $0.cache == .hit })
    #expect(totals.coalesced == rows.count { $0.cache == .coalesced })
    #expect(totals.cacheSavedUSD == rows.reduce(0) { $0 + ($1.savedUSD ?? 0) })
    #expect(totals.validToolCalls == rows.reduce(0) { $0 + $1.toolCalls.valid })
    let calls = rows.map(\.toolCalls)
    #expect(
      totals.toolCalls
        == calls.reduce(0) { $0 + $1.valid + $1.invalidJSON + $1.schemaMismatch + $1.unknownTool })
    #expect(totals.duration == Self.percentiles(rows.map(\.durationMicroseconds)))
    #expect(totals.firstToken == Self.percentiles(rows.compactMap(\.firstTokenMicroseconds)))
  }

  @Test("counts as one would by hand, over everything and in groups", arguments: [3, 5_000])
  func naive(count: Int) throws {
    let rows = Self.rows(count)
    try write(rows)
    let all = try report([])
    #expect(all.groups.isEmpty)
    expectNaive(all.total, rows)

    let grouped = try report([.model, .user])
    expectNaive(grouped.total, rows)
    let naive = Dictionary(grouping: rows) { [$0.model, $0.user] }
    #expect(Set(grouped.groups.map(\.values)) == Set(naive.keys))
    #expect(grouped.groups.count == naive.count)
    for group in grouped.groups { expectNaive(group.totals, naive[group.values] ?? []) }
    #expect(grouped.groups.map(\.totals.requests) == grouped.groups.map(\.totals.requests).sorted(by: >))
  }

  @Test("goes by days in their order, and by every other dimension")
  func dimensions() throws {
    let rows = Self.rows(4_000)
    try write(rows)
    let days = try report([.day]).groups
    #expect(days.map(\.values) == [["2026-11-18"], ["2026-11-19"], ["2026-11-20"], ["2026-11-21"]])
    #expect(days.map(\.totals.requests).reduce(0, +) == 4_000)
    for dimension in LedgerDimension.allCases {
      #expect(try report([dimension]).groups.map(\.totals.requests).reduce(0, +) == 4_000)
    }
    #expect(try report(LedgerDimension.allCases).total.requests == 4_000)
  }

  @Test("counts from a moment on")
  func since() throws {
    let rows = Self.rows(1_000)
    try write(rows)
    expectNaive(try report([], since: rows[400].timeMilliseconds).total, Array(rows[400...]))
    #expect(try report([.model], since: .max).groups.isEmpty)
    #expect(try report([], since: .max).total == LedgerTotals())
  }

  @Test("tells an absent value from an empty one, and texts from their joints")
  func keys() throws {
    let pairs: [(String?, String?)] = [(nil, nil), ("", nil), (nil, ""), ("a", "bc"), ("ab", "c"), ("a", "bc")]
    try write(
      pairs.enumerated().map { number, pair in
        var row = LedgerRow.sample(number)
        (row.model, row.user) = pair
        return row
      })
    let groups = try report([.model, .user]).groups
    #expect(groups.count == 5)
    #expect(groups.first?.values == ["a", "bc"])
    #expect(Set(groups.map(\.values)) == [["a", "bc"], ["ab", "c"], ["", nil], [nil, ""], [nil, nil]])
  }

  @Test("attributes votes to the models of their requests")
  func votes() throws {
    try write(Self.rows(3_000))
    let file = try LedgerFile(scratch.path)
    let rows = Self.rows(3_000)
    var up: [String?: Int64] = [:]
    var down: [String?: Int64] = [:]
    for (number, row) in rows.prefix(60).enumerated() {
      let isUp = number % 3 != 0
      _ = try file.record(LedgerFeedback(id: row.id, rating: isUp ? .up : .down, timeMilliseconds: 1))
      if isUp { up[row.model, default: 0] += 1 } else { down[row.model, default: 0] += 1 }
    }
    let report = try report([.model])
    for group in report.groups {
      let model = group.values.first ?? nil
      #expect(group.totals.thumbsUp == up[model] ?? 0)
      #expect(group.totals.thumbsDown == down[model] ?? 0)
    }
    #expect(report.total.thumbsUp == 40)
    #expect(report.total.satisfaction == 40.0 / 60)
  }

  @Test("stops at the largest sum instead of overflowing, and takes durations that are none")
  func absurd() throws {
    try write(
      [Int64.max, .min, -1, .max].enumerated().map { number, value in
        var row = LedgerRow.sample(number)
        row.durationMicroseconds = value
        row.inputTokens = .max
        row.costUSD = .greatestFiniteMagnitude
        row.baselineUSD = .greatestFiniteMagnitude
        row.toolCalls = .init(valid: .max, invalidJSON: .max, schemaMismatch: .max, unknownTool: .max)
        return row
      })
    let report = try report([.model])
    #expect(report.total.inputTokens == .max)
    #expect(report.total.toolCalls == .max)
    #expect(report.total.duration?.p99 == Int64(UInt32.max))
    #expect(report.total.duration?.p50 == 0)
    #expect(report.json.contains("\"cost_usd\":null"))
    #expect(report.table().contains("kimi-k2"))
  }

  @Test("sums small amounts without noise, in whatever order")
  func sums() throws {
    try write(
      (0..<10_000).map { number in
        var row = LedgerRow.sample(number)
        row.user = "user-\(number % 7)"
        row.costUSD = 0.000_001_23
        return row
      })
    #expect(try report([.user]).total.costUSD == 0.0123)
    #expect(try report([]).total.costUSD == 0.0123)
    var huge = DollarSum()
    for amount in [1, 1e100, 1, -1e100] { huge.add(amount) }
    #expect(huge.amount == 2)
  }

  @Test("is to be had while the ledger is written")
  func whileWritten() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick())
    let reader = try LedgerReader(path: scratch.path)
    for number in 0..<2_000 { ledger.append(.sample(number)) }
    var seen: Int64 = 0
    while ledger.stats.queueDepth > 0 {
      let count = try reader.report(LedgerQuery(by: [.model])).total.requests
      #expect(count >= seen)
      seen = count
    }
    #expect(try reader.report(LedgerQuery()).total.requests == 2_000)
    await ledger.close()
    #expect(try reader.report(LedgerQuery()).total.requests == 2_000)
    #expect(ledger.stats.writeFailures == 0)
  }
}
