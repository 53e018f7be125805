extension RolloutTable {
  /// The rollout of this name as it is configured and served; nil when there is none.
  public func entry(named name: String) -> Entry? {
    entries.first { $0.configured.name == name }
  }

  /// Gives a rollout's variants together `hundredths` of a percent, split as the last shares that anyone named.
  ///
  /// Raising never lowers a variant's share (`Apportionment`), so nobody is moved out.
  public func settingPercent(
    of name: String, to hundredths: Int, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let entry = try known(name)
    guard (0...RolloutBucket.count).contains(hundredths) else {
      throw .shareOutOfRange(rollout: name, variant: "all variants", hundredths: hundredths)
    }
    let parts = Apportionment.split(hundredths, by: entry.weights)
    let shares = Dictionary(
      zip(entry.current.variants.map(\.name), parts), uniquingKeysWith: { first, _ in first })
    let current = try entry.current.setting(shares: shares)
    let record = FlipRecord(
      rollout: name, change: .percent(from: entry.current.share, to: hundredths), who: who, when: when)
    let flips =
      entry.flips.filter { !$0.isPercent && !$0.isSwitch } + [record] + entry.flips.filter(\.isSwitch)
    return (replacing(entry.changed(current, flips: flips, weights: entry.weights)), record)
  }

  /// Gives the named variants new shares, in hundredths of a percent; the others keep theirs.
  public func settingShares(
    of name: String, to shares: [String: Int], who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let entry = try known(name)
    let current = try entry.current.setting(shares: shares)
    let record = FlipRecord(
      rollout: name, change: .shares(from: entry.current.shares, to: current.shares), who: who, when: when)
    let weights = current.share == 0 ? entry.weights : current.variants.map(\.share)
    let flips = [record] + entry.flips.filter(\.isSwitch)
    return (replacing(entry.changed(current, flips: flips, weights: weights)), record)
  }

  /// Switches one rollout on or off; its shares and buckets stay.
  public func settingEnabled(
    _ isEnabled: Bool, of name: String, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let entry = try known(name)
    let record = FlipRecord(
      rollout: name, change: .enabled(from: entry.current.isEnabled, to: isEnabled), who: who, when: when)
    let current = try entry.current.setting(isEnabled: isEnabled)
    let flips = entry.flips.filter { !$0.isSwitch } + [record]
    return (replacing(entry.changed(current, flips: flips, weights: entry.weights)), record)
  }

  /// Returns a rollout to what the configuration says.
  public func resetting(
    _ name: String, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let entry = try known(name)
    let record = FlipRecord(
      rollout: name, change: .reset(from: entry.current.shares, to: entry.configured.shares), who: who,
      when: when)
    let weights = entry.configured.variants.map(\.share)
    return (replacing(entry.changed(entry.configured, flips: [], weights: weights)), record)
  }

  /// The changes in effect, in the order of the configuration: what the state file keeps.
  public var flips: [FlipRecord] { entries.flatMap(\.flips) }

  /// Makes recorded changes again, after a restart or a reload; `refused` are those that fit no more, each with
  /// its reason, for the log.
  public func replaying(
    _ records: [FlipRecord]
  ) -> (table: RolloutTable, refused: [(record: FlipRecord, problem: RolloutProblem)]) {
    var table = self
    var refused: [(record: FlipRecord, problem: RolloutProblem)] = []
    for record in records {
      do {
        table = try table.replay(record)
      } catch {
        refused.append((record, error))
      }
    }
    return (table, refused)
  }

  private func replay(_ record: FlipRecord) throws(RolloutProblem) -> RolloutTable {
    switch record.change {
    case .percent(_, let hundredths):
      try settingPercent(of: record.rollout, to: hundredths, who: record.who, when: record.when).table
    case .shares(_, let shares):
      try settingShares(of: record.rollout, to: shares, who: record.who, when: record.when).table
    case .enabled(_, let isEnabled):
      try settingEnabled(isEnabled, of: record.rollout, who: record.who, when: record.when).table
    case .reset:
      try resetting(record.rollout, who: record.who, when: record.when).table
    }
  }

  private func replacing(_ changed: Entry) -> RolloutTable {
    RolloutTable(
      entries: entries.map { $0.configured.name == changed.configured.name ? changed : $0 }, catalog: catalog,
      isKimiEnabled: isKimiEnabled)
  }

  private func known(_ name: String) throws(RolloutProblem) -> Entry {
    guard let entry = entry(named: name) else {
      throw .unknownRollout(name, known: entries.map(\.configured.name))
    }
    return entry
  }
}

extension RolloutTable.Entry {
  func changed(_ current: Rollout, flips: [FlipRecord], weights: [Int]) -> RolloutTable.Entry {
    RolloutTable.Entry(configured: configured, current: current, flips: flips, weights: weights)
  }
}

extension FlipRecord {
  fileprivate var isPercent: Bool { if case .percent = change { true } else { false } }
  fileprivate var isSwitch: Bool { if case .enabled = change { true } else { false } }
}
