import Testing
import WeirPolicy

@Suite("Changing a rollout while weir runs")
struct FlipTests {
  private let catalog = ModelCatalog.builtIn

  private func table(_ shares: [Int] = [1_000]) throws -> RolloutTable {
    let variants = shares.indices.map {
      RolloutVariant(name: "v\($0)", model: "kimi-k2", share: shares[$0])
    }
    return try RolloutTable(
      [Rollout(name: "kimi", from: ["gpt-4"], variants: variants)], catalog: catalog, isKimiEnabled: true)
  }

  private func shares(_ table: RolloutTable) -> [String: Int]? { table.entry(named: "kimi")?.current.shares }

  @Test("notes who, when, from what and to what, and leaves the old table as it was")
  func record() throws {
    let old = try table()
    let (new, record) = try old.settingPercent(
      of: "kimi", to: 2_525, who: "ops@10.0.0.1", when: 1_700_000_000_000)
    #expect(
      record
        == FlipRecord(
          rollout: "kimi", change: .percent(from: 1_000, to: 2_525), who: "ops@10.0.0.1",
          when: 1_700_000_000_000))
    #expect(shares(new) == ["v0": 2_525])
    #expect(shares(old) == ["v0": 1_000])
    #expect(new.entry(named: "kimi")?.configured.share == 1_000)
  }

  @Test("splits a percentage as the configuration does, also after 0")
  func split() throws {
    let start = try table([1_000, 2_000, 0])
    let zero = try start.settingPercent(of: "kimi", to: 0, who: "a", when: 1).table
    #expect(shares(zero) == ["v0": 0, "v1": 0, "v2": 0])
    let back = try zero.settingPercent(of: "kimi", to: 6_000, who: "a", when: 2).table
    #expect(shares(back) == ["v0": 2_000, "v1": 4_000, "v2": 0])
  }

  @Test("splits a percentage as the last named shares do")
  func named() throws {
    let named = try table([1_000, 2_000]).settingShares(
      of: "kimi", to: ["v0": 3_000, "v1": 1_000], who: "a", when: 1)
    #expect(
      named.record.change == .shares(from: ["v0": 1_000, "v1": 2_000], to: ["v0": 3_000, "v1": 1_000]))
    let more = try named.table.settingPercent(of: "kimi", to: 8_000, who: "a", when: 2).table
    #expect(shares(more) == ["v0": 6_000, "v1": 2_000])
    let one = try more.settingShares(of: "kimi", to: ["v1": 0], who: "a", when: 3).table
    #expect(shares(one) == ["v0": 6_000, "v1": 0])
  }

  @Test("raising the percentage moves nobody out, nor to another variant with two of them")
  func monotonic() throws {
    var table = try table([700, 300])
    var before: [Int: String] = [:]
    for hundredths in [1, 7, 100, 333, 1_000, 3_333, 5_000, 7_777, 10_000] {
      table = try table.settingPercent(of: "kimi", to: hundredths, who: "a", when: 0).table
      var now: [Int: String] = [:]
      for user in 0..<3_000 {
        let model = catalog.resolve("gpt-4")
        let variant = table.assign("gpt-4", model: model, user: "u\(user)", random: 0)?.assignment.variant
        if let variant, variant != "incumbent" { now[user] = variant }
      }
      #expect(before.allSatisfy { now[$0.key] == $0.value })
      before = now
    }
    #expect(before.count == 3_000)
  }

  @Test("switches one rollout off and on without moving anybody")
  func enabled() throws {
    let start = try table()
    let (off, record) = try start.settingEnabled(false, of: "kimi", who: "a", when: 1)
    #expect(record.change == .enabled(from: true, to: false))
    let model = catalog.resolve("gpt-4")
    #expect(off.assign("gpt-4", model: model, user: "u", random: 0)?.assignment.reason == .disabled)
    let on = try off.settingEnabled(true, of: "kimi", who: "a", when: 2).table
    for user in 0..<200 {
      let old = start.assign("gpt-4", model: model, user: "u\(user)", random: 0)?.assignment
      #expect(on.assign("gpt-4", model: model, user: "u\(user)", random: 0)?.assignment == old)
    }
  }

  @Test("goes back to the configured value")
  func reset() throws {
    let flipped = try table().settingPercent(of: "kimi", to: 5_000, who: "a", when: 1).table
      .settingEnabled(false, of: "kimi", who: "a", when: 2).table
    let (back, record) = try flipped.resetting("kimi", who: "b", when: 3)
    #expect(record.change == .reset(from: ["v0": 5_000], to: ["v0": 1_000]))
    #expect(back.entry(named: "kimi") == (try table().entry(named: "kimi")))
    #expect(back.flips.isEmpty)
  }

  @Test("is the same again after a restart")
  func replay() throws {
    let flipped = try table([1_000, 2_000, 0])
      .settingPercent(of: "kimi", to: 9_000, who: "z", when: 0).table
      .settingShares(of: "kimi", to: ["v0": 10, "v1": 10, "v2": 10], who: "a", when: 1).table
      .settingEnabled(false, of: "kimi", who: "a", when: 2).table
      .settingPercent(of: "kimi", to: 1, who: "b", when: 3).table
    #expect(flipped.flips.count == 3)
    let (again, refused) = try table([1_000, 2_000, 0]).replaying(flipped.flips)
    #expect(refused.isEmpty)
    #expect(shares(again) == ["v0": 1, "v1": 0, "v2": 0])
    #expect(again.entry(named: "kimi") == flipped.entry(named: "kimi"))
    #expect(
      shares(try again.settingPercent(of: "kimi", to: 30, who: "c", when: 4).table) == [
        "v0": 10, "v1": 10, "v2": 10,
      ])
  }

  @Test("keeps what still fits of recorded changes, and says why the rest does not")
  func replayRefused() throws {
    let records = [
      FlipRecord(rollout: "gone", change: .percent(from: 0, to: 1), who: "a", when: 1),
      FlipRecord(rollout: "kimi", change: .shares(from: [:], to: ["old": 1]), who: "a", when: 2),
      FlipRecord(rollout: "kimi", change: .percent(from: 0, to: 42), who: "a", when: 3),
    ]
    let (table, refused) = try table().replaying(records)
    #expect(shares(table) == ["v0": 42])
    #expect(refused.map(\.record) == Array(records.prefix(2)))
    #expect(
      refused.map(\.problem) == [
        .unknownRollout("gone", known: ["kimi"]),
        .unknownVariant(rollout: "kimi", variant: "old", known: ["v0"]),
      ])
  }

  @Test("refuses impossible values and leaves nothing changed")
  func refused() throws {
    let table = try table([1_000, 0])
    #expect(throws: RolloutProblem.unknownRollout("x", known: ["kimi"])) {
      try table.settingPercent(of: "x", to: 1, who: "a", when: 0)
    }
    for wrong in [-1, 10_001, .max, .min] {
      #expect(throws: RolloutProblem.self) {
        try table.settingPercent(of: "kimi", to: wrong, who: "a", when: 0)
      }
    }
    #expect(throws: RolloutProblem.sharesOverWhole(rollout: "kimi", hundredths: 11_000)) {
      try table.settingShares(of: "kimi", to: ["v1": 10_000], who: "a", when: 0)
    }
    #expect(throws: RolloutProblem.self) {
      try table.settingShares(of: "kimi", to: ["v0": .max, "v1": .max], who: "a", when: 0)
    }
  }
}
