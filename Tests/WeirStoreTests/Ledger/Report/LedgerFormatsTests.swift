import Testing

@testable import WeirStore

@Suite("A report's formats")
struct LedgerFormatsTests {
  private static var kimi: LedgerTotals {
    var totals = LedgerTotals()
    (totals.requests, totals.errors) = (12_345, 37)
    (totals.inputTokens, totals.outputTokens) = (6_200_000, 950)
    (totals.cost, totals.baseline, totals.savings) = (DollarSum(12.345), DollarSum(100), DollarSum(87.655))
    (totals.cacheHits, totals.coalesced, totals.toolCalls, totals.validToolCalls) = (1_000, 234, 200, 193)
    totals.duration = LedgerPercentiles(p50: 850_000, p95: 12_340_000, p99: 130_000_000)
    totals.firstToken = LedgerPercentiles(p50: 410_000, p95: 1, p99: 2)
    return totals
  }

  private static var other: LedgerTotals {
    var totals = LedgerTotals()
    totals.requests = 2
    totals.duration = LedgerPercentiles(p50: 900, p95: 900, p99: 900)
    return totals
  }

  private func report(_ groups: [([String?], LedgerTotals)], by: [LedgerDimension]) -> LedgerReport {
    LedgerReport(
      query: LedgerQuery(sinceMilliseconds: 1_795_000_000_000, by: by),
      groups: groups.map { LedgerGroup(values: $0.0, totals: $0.1) }, total: Self.kimi)
  }

  @Test("as a table: names left, numbers right, the total last, nothing in columns that say nothing")
  func table() {
    let report = report([(["moonshotai/kimi-k2"], Self.kimi), ([nil], Self.other)], by: [.model])
    #expect(
      report.table() == """
        model                reqs   err    p50    p95    p99  first    in  out    cost  saved  tools  cache
        moonshotai/kimi-k2  12345  0.3%  850ms  12.3s   2.2m  410ms  6.2M  950  $12.35  87.7%  96.5%  10.0%
        -                       2  0.0%  900us  900us  900us      -     0    0      $0      -      -   0.0%
        total               12345  0.3%  850ms  12.3s   2.2m  410ms  6.2M  950  $12.35  87.7%  96.5%  10.0%
        """)
  }

  @Test("as a table that keeps to its width where names are long, and shows no control characters")
  func narrow() {
    let name = "\u{1B}[2J\u{9B}" + String(repeating: "long", count: 100)
    let table = report([([name, name], Self.kimi)], by: [.model, .user]).table(width: 100)
    let lines = table.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(lines[1].hasPrefix("\\u{1b}"))
    #expect(lines[1].contains("…"))
    #expect(!table.unicodeScalars.contains { $0.isControl && $0 != "\n" })
  }

  @Test("as a table that says how many groups it leaves out")
  func many() {
    let groups = (0..<1_000).map { ([String($0)] as [String?], Self.other) }
    let lines = report(groups, by: [.user]).table().split(separator: "\n")
    #expect(lines.count == 1 + LedgerReport.tableRows + 2)
    #expect(lines.last == "and 950 more groups; --format csv has all")
  }

  @Test("as JSON: every number under its name, null for none, hostile names escaped")
  func json() {
    let report = report([(["a\"\\\n\u{7F}", nil], Self.other)], by: [.user, .model])
    #expect(
      report.json == """
        {
          "since":"2026-11-18T11:06:40Z",
          "by":["user","model"],
          "total":{\(Self.kimiJSON)},
          "groups":[
            {"user":"a\\"\\\\\\u000a\\u007f","model":null,"requests":2,"errors":0,"error_share":0.0,"input_tokens":0,\
        "output_tokens":0,"cached_tokens":0,"reasoning_tokens":0,"cost_usd":0.0,"unpriced_requests":0,\
        "baseline_usd":0.0,"savings_usd":0.0,"savings_share":null,"cache_hits":0,"coalesced":0,\
        "cache_saved_usd":0.0,"tool_calls":0,"tool_calls_valid":0,"tool_call_success_share":null,"thumbs_up":0,\
        "thumbs_down":0,"satisfaction_share":null,"duration_p50_ms":0.9,"duration_p95_ms":0.9,\
        "duration_p99_ms":0.9,"first_token_p50_ms":null,"first_token_p95_ms":null,"first_token_p99_ms":null}
          ]
        }
        """)
  }

  private static let kimiJSON = """
    "requests":12345,"errors":37,"error_share":0.0029971648440664236,"input_tokens":6200000,"output_tokens":950,\
    "cached_tokens":0,"reasoning_tokens":0,"cost_usd":12.345,"unpriced_requests":0,"baseline_usd":100.0,\
    "savings_usd":87.655,"savings_share":0.87655,"cache_hits":1000,"coalesced":234,"cache_saved_usd":0.0,\
    "tool_calls":200,"tool_calls_valid":193,"tool_call_success_share":0.965,"thumbs_up":0,"thumbs_down":0,\
    "satisfaction_share":null,"duration_p50_ms":850.0,"duration_p95_ms":12340.0,"duration_p99_ms":130000.0,\
    "first_token_p50_ms":410.0,"first_token_p95_ms":0.001,"first_token_p99_ms":0.002
    """

  @Test("as JSON and CSV in pieces that do not grow with the number of groups")
  func pieces() {
    let report = report((0..<5_000).map { (["user-\($0)"] as [String?], Self.other) }, by: [.user])
    for (whole, write) in [(report.json, report.writeJSON), (report.csv, report.writeCSV)] {
      var pieces: [String] = []
      write { pieces.append($0) }
      #expect(pieces.joined() == whole)
      #expect(pieces.count > 3)
      #expect(pieces.allSatisfy { $0.utf8.count < 2 * ReportPieces.pieceBytes })
    }
  }

  @Test("as CSV: quoted where RFC 4180 asks for it, and no formulas")
  func csv() {
    let users = ["plain", "a,\"b\"", "=cmd()", "two\r\nlines", "-1", nil]
    let lines = report(users.map { ([$0], Self.other) }, by: [.user]).csv.split(separator: "\r\n")
    #expect(lines.first?.hasPrefix("user,requests,errors,error_share,input_tokens,") == true)
    let starts = ["plain,2,", "\"a,\"\"b\"\"\",2,", "'=cmd(),2,", "\"two", "lines\",2,", "'-1,2,", ",2,"]
    #expect(lines.count == 1 + starts.count)
    for (line, start) in zip(lines.dropFirst(), starts) { #expect(line.hasPrefix(start), "\(line)") }
    #expect(report([], by: []).csv.split(separator: "\r\n").count == 2, "the total where nothing is grouped")
  }

  @Test(
    "in short figures",
    arguments: zip(
      [0, 9_999, 10_000, 999_400, 999_600, 1_234_567, .max],
      [
        "0", "9999", "10.0k", "999k", "1.0M", "1.2M", "9223P",
      ]))
  func counts(number: Int64, text: String) { #expect(Figures.count(number) == text) }

  @Test(
    "in durations of a fitting unit",
    arguments: zip(
      [0, 999, 1_000, 999_499, 999_600, 99_900_000, 100_000_000, 7_200_000_000],
      [
        "0us", "999us", "1ms", "999ms", "1.0s", "99.9s", "1.7m", "2.0h",
      ]))
  func durations(microseconds: Int64, text: String) { #expect(Figures.duration(microseconds) == text) }

  @Test(
    "in dollars",
    arguments: zip(
      [0, 0.00001, 0.00123, 0.5, 12.345678, -0.25, 1_234, 12_345_678, .infinity],
      [
        "$0", "<$0.0001", "$0.0012", "$0.5000", "$12.35", "-$0.2500", "$1234", "$12.3M", "-",
      ]))
  func dollars(amount: Double, text: String) { #expect(Figures.dollars(amount) == text) }

  @Test(
    "in shares",
    arguments: zip(
      [0, 0.0004, 0.5, 1, -0.1, -30, .nan],
      [
        "0.0%", "0.0%", "50.0%", "100%", "-10.0%", "-3000%", "-",
      ]))
  func shares(share: Double, text: String) { #expect(Figures.share(share) == text) }

  @Test(
    "with days and times of the calendar",
    arguments: zip(
      [0, 951_782_400, 951_868_800, 1_795_000_000, -1, 4_107_542_400],
      [
        "1970-01-01T00:00:00Z", "2000-02-29T00:00:00Z", "2000-03-01T00:00:00Z", "2026-11-18T11:06:40Z",
        "1969-12-31T23:59:59Z", "2100-03-01T00:00:00Z",
      ]))
  func days(seconds: Int64, text: String) { #expect(UTCDay.text(milliseconds: seconds * 1_000) == text) }

  @Test("with days that no calendar has")
  func absurdDays() {
    #expect(UTCDay.text(daysSince1970: .max) == "9999-12-31")
    #expect(UTCDay.text(daysSince1970: .min) == "0001-01-01")
    #expect(UTCDay.text(milliseconds: .min).hasPrefix("0001-01-01T"))
  }
}
