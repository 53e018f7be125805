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
    let from = try known(name).current.share
    return try make(.percent(from: from, to: hundredths), of: name, who, when)
  }

  /// Gives the named variants new shares, in hundredths of a percent; the others keep theirs.
  public func settingShares(
    of name: String, to shares: [String: Int], who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let from = try known(name).current.shares
    return try make(.shares(from: from, to: from.merging(shares) { $1 }), of: name, who, when)
  }

  /// Switches one rollout on or off; its shares and buckets stay.
  public func settingEnabled(
    _ isEnabled: Bool, of name: String, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let from = try known(name).current.isEnabled
    return try make(.enabled(from: from, to: isEnabled), of: name, who, when)
  }

  /// Returns a rollout to what the configuration says.
  public func resetting(
    _ name: String, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let entry = try known(name)
    return try make(.reset(from: entry.current.shares, to: entry.configured.shares), of: name, who, when)
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
        table = try table.applying(record)
      } catch {
        refused.append((record, error))
      }
    }
    return (table, refused)
  }

  private func make(
    _ change: FlipRecord.Change, of name: String, _ who: String, _ when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    let record = FlipRecord(rollout: name, change: change, who: who, when: when)
    return (try applying(record), record)
  }

  private func applying(_ record: FlipRecord) throws(RolloutProblem) -> RolloutTable {
    let changed = try known(record.rollout).applying(record)
    return RolloutTable(
      entries: entries.map { $0.configured.name == record.rollout ? changed : $0 }, catalog: catalog,
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
  /// The entry after one change; `flips` keeps what is still in effect of the earlier ones.
  fileprivate func applying(_ record: FlipRecord) throws(RolloutProblem) -> RolloutTable.Entry {
    switch record.change {
    case .percent(_, let hundredths):
      guard (0...RolloutBucket.count).contains(hundredths) else {
        throw .shareOutOfRange(rollout: record.rollout, variant: "all variants", hundredths: hundredths)
      }
      let parts = Apportionment.split(hundredths, by: weights)
      let pairs = zip(current.variants.map(\.name), parts)
      let shares = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
      let flips = flips.filter(\.namesShares) + [record] + flips.filter(\.isSwitch)
      return changed(try current.setting(shares: shares), flips, weights)
    case .shares(_, let shares):
      let rollout = try current.setting(shares: shares)
      let named = rollout.share == 0 ? weights : rollout.variants.map(\.share)
      return changed(rollout, [record] + flips.filter(\.isSwitch), named)
    case .enabled(_, let isEnabled):
      let flips = flips.filter { !$0.isSwitch } + [record]
      return changed(current.setting(isEnabled: isEnabled), flips, weights)
    case .reset:
      return changed(configured, [], configured.variants.map(\.share))
    }
  }

  private func changed(_ current: Rollout, _ flips: [FlipRecord], _ weights: [Int]) -> RolloutTable.Entry {
    RolloutTable.Entry(configured: configured, current: current, flips: flips, weights: weights)
  }
}

extension FlipRecord {
  fileprivate var namesShares: Bool { if case .shares = change { true } else { false } }
  fileprivate var isSwitch: Bool { if case .enabled = change { true } else { false } }
}
