import Testing

@testable import WeirPolicy

@Suite("The state file of budgets")
struct SpendingFileTests {
  private let day: Int64 = 1_795_219_200

  private func fault(_ text: String) -> SpendingFile.Fault? {
    do throws(SpendingFile.Fault) {
      _ = try SpendingFile.decode(Array(text.utf8))
      return nil
    } catch { return error }
  }

  @Test("has one entry a line, in a form that people can read")
  func format() {
    let spending = [
      SavedSpending(client: nil, period: .month, start: 1_793_491_200, nanoUSD: 5, tokens: 6),
      SavedSpending(client: "w\"e\nb", period: .day, start: day, nanoUSD: 1_250_000_000, tokens: 81_234),
    ]
    #expect(
      String(decoding: SpendingFile.encode(spending), as: UTF8.self) == """
        {"version":1,"spending":[
        {"period":"month","start":1793491200,"nano_usd":5,"tokens":6},
        {"client":"w\\"e\\nb","period":"day","start":1795219200,"nano_usd":1250000000,"tokens":81234}
        ]}

        """)
  }

  @Test("is read as it was written", arguments: 0..<10 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let names = ["web", "", "é你", "a\"\\\u{1}\n\t\u{7F}", "anonymous", "💧"]
    let spending = (0..<Int.random(in: 0...30, using: &random)).map { _ in
      let period: BudgetRule.Period = Bool.random(using: &random) ? .day : .month
      let time = Int64.random(in: 0...4_000_000_000, using: &random)
      return SavedSpending(
        client: Bool.random(using: &random) ? names.randomElement(using: &random) : nil, period: period,
        start: BudgetCalendar.start(of: period, at: time), nanoUSD: .random(in: 0...Int64.max, using: &random),
        tokens: .random(in: 0...Int64.max, using: &random))
    }
    #expect(try SpendingFile.decode(SpendingFile.encode(spending)).spending == spending)
  }

  @Test("is read where every client that a configuration may have has spent something")
  func full() throws {
    let month = BudgetCalendar.start(of: .month, at: day)
    let spending = (0..<100_000).flatMap { number in
      [(BudgetRule.Period.day, day), (.month, month)].map { period, start in
        SavedSpending(client: "client-\(number)", period: period, start: start, nanoUSD: 1, tokens: 1)
      }
    }
    let bytes = SpendingFile.encode(spending)
    #expect(bytes.count <= SpendingFile.maximumBytes)
    #expect(try SpendingFile.decode(bytes).spending.count == 200_000)
  }

  @Test("is read in any spelling of JSON, and keys that are not known are ignored")
  func spellings() throws {
    let text = """
       { "by" : [ {}, null, -1.5e3, true, "x" ] , "spending":[\r\n\t{"tokens":2,"nano_usd":1,
       "start":\(day),"period":"d\\u0061y","client":"a\\/b\\n","more":{"a":[]}} ],"version":1 }
      """
    #expect(
      try SpendingFile.decode(Array(text.utf8)).spending == [
        SavedSpending(client: "a/b\n", period: .day, start: day, nanoUSD: 1, tokens: 2)
      ])
  }

  @Test(
    "is refused whole, with the reason, when it is damaged or another program's",
    arguments: [
      ("", "ends too early"), ("{", "key in quotation marks"), ("[]", "belongs to something else"),
      ("{}", "belongs to something else"), ("{\"version\":2,\"spending\":[]}", "version 2"),
      ("{\"version\":\"1\",\"spending\":[]}", "belongs to something else"), ("{\"version\":1}", "no list"),
      ("{\"version\":1,\"version\":1}", "twice"), ("{\"version\":1,\"spending\":[]}x", "follows"),
      ("{\"version\":1,\"spending\":[1]}", "entry 1 is not an object"),
      ("{\"version\":1,\"spending\":[", "ends too early"), ("{\"version\":1 \"spending\":[]}", "comma"),
      ("{\"version\":1,\"a\":\"\\x\"}", "escape"), ("{\"version\":1,\"a\":\"\\u00g0\"}", "escape"),
      ("{\"version\":1,\"a\":\"\n\"}", "control"), ("{\"version\":1,\"a\":nul}", "not JSON"),
      ("{\"version\":1,\"a\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", "too deep"),
    ])
  func damaged(text: String, reason: String) throws {
    let fault = try #require(self.fault(text))
    #expect(fault.reason.contains(reason), "\(fault.reason)")
    #expect(fault.description.contains("delete it"))
  }

  @Test(
    "is refused for an entry that makes no sense",
    arguments: [
      ("\"period\":\"day\",", "\"period\":\"week\",", "period"), ("\"period\":\"day\",", "", "period"),
      ("1795219200", "1795219201", "start"), ("1795219200", "-86400", "start"),
      ("1795219200", "99999999999999", "start"),
      ("\"nano_usd\":1", "\"nano_usd\":-1", "nano_usd"), ("\"nano_usd\":1", "\"nano_usd\":1.5", "nano_usd"),
      ("\"nano_usd\":1", "\"nano_usd\":99999999999999999999", "nano_usd"), (",\"tokens\":2", "", "tokens"),
      ("\"client\":\"a\"", "\"client\":7", "client"),
    ])
  func nonsense(part: String, bad: String, reason: String) throws {
    let good =
      "{\"version\":1,\"spending\":[\n{\"client\":\"a\",\"period\":\"day\",\"start\":1795219200,\"nano_usd\":1,\"tokens\":2}]}"
    #expect(fault(good) == nil)
    let fault = try #require(self.fault(good.replacing(part, with: bad)))
    #expect(fault.reason.contains(reason), "\(fault.reason)")
    #expect(fault.reason.contains("entry 1"))
  }

  @Test("names the line of damage")
  func line() throws {
    #expect(try #require(fault("{\"version\":1,\n\"spending\":[\n{]}")).line == 3)
  }

  @Test("never ends the process, whatever bytes are cut or changed", arguments: 0..<20 as Range<UInt64>)
  func mutations(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let whole = SpendingFile.encode(
      [
        SavedSpending(client: "wéb\n", period: .day, start: day, nanoUSD: 12, tokens: 34),
        SavedSpending(client: nil, period: .month, start: 1_793_491_200, nanoUSD: 5, tokens: 6),
      ], untold: [SavedSpending(client: nil, period: .day, start: day, nanoUSD: 7, tokens: 8)])
    for length in whole.indices.dropLast() where length < whole.count - 2 {
      #expect(throws: SpendingFile.Fault.self) { try SpendingFile.decode(Array(whole.prefix(length))) }
    }
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let read = try? SpendingFile.decode(bytes) {
        #expect((read.spending + read.untold).allSatisfy { $0.nanoUSD >= 0 && $0.tokens >= 0 && $0.start >= 0 })
      }
    }
  }
}
