/// All rollouts of one configuration, and the changes made since; an immutable value, swapped whole.
public struct RolloutTable: Sendable {
  /// A rollout as it is served and as it was configured.
  public struct Entry: Sendable, Equatable {
    /// What the configuration says.
    public let configured: Rollout
    /// What is in effect, the kill switch not yet considered.
    public let current: Rollout
    /// The last named shares, percentage and switch, each at most once and in the order in which they are to be
    /// made again; empty when the configured values are in effect.
    public let flips: [FlipRecord]
    /// How `settingPercent` splits: the last shares that anyone named.
    let weights: [Int]
  }

  /// In the order of the configuration; the first that fits a request decides.
  public let entries: [Entry]
  /// False switches off every variant that is a Kimi model.
  public let isKimiEnabled: Bool

  let catalog: ModelCatalog
  private let served: [Rollout]
  private let models: [String: ResolvedModel]
  private let byCatalogID: [String: Int]
  private let byName: [String: Int]
  private let patterns: [(pattern: ModelPattern, entry: Int)]

  /// Throws when two rollouts have the same name.
  public init(_ rollouts: [Rollout], catalog: ModelCatalog, isKimiEnabled: Bool) throws(RolloutProblem) {
    var names: Set<String> = []
    for rollout in rollouts where !names.insert(rollout.name).inserted {
      throw .duplicateRollout(rollout.name)
    }
    self.init(
      entries: rollouts.map {
        Entry(configured: $0, current: $0, flips: [], weights: $0.variants.map(\.share))
      }, catalog: catalog, isKimiEnabled: isKimiEnabled)
  }

  /// No rollouts.
  public static let empty = RolloutTable(entries: [], catalog: .builtIn, isKimiEnabled: true)

  /// Each rollout as it is served: the share that it moves in hundredths of a percent, 0 while it is off.
  public var shares: [(name: String, hundredths: Int)] {
    served.map { rollout in
      let moved = rollout.isEnabled ? rollout.variants.filter(\.isEnabled) : []
      return (name: rollout.name, hundredths: moved.reduce(0) { $0 + $1.share })
    }
  }

  init(entries: [Entry], catalog: ModelCatalog, isKimiEnabled: Bool) {
    self.entries = entries
    self.catalog = catalog
    self.isKimiEnabled = isKimiEnabled
    served = entries.map { entry in
      isKimiEnabled ? entry.current : entry.current.disabling { catalog.resolve($0).isKimi }
    }
    let targets = entries.flatMap { $0.current.variants.map(\.model) }
    models = Dictionary(targets.map { ($0, catalog.resolve($0)) }, uniquingKeysWith: { first, _ in first })
    var byCatalogID: [String: Int] = [:]
    var byName: [String: Int] = [:]
    var patterns: [(pattern: ModelPattern, entry: Int)] = []
    for (index, entry) in entries.enumerated() {
      for from in entry.configured.from where !from.isEmpty {
        let pattern = ModelPattern(from)
        if !pattern.isExact {
          patterns.append((pattern, index))
        } else if let id = catalog.resolve(from).catalogID {
          byCatalogID[id] = byCatalogID[id] ?? index
        } else {
          let name = ModelName.folded(from)
          byName[name] = byName[name] ?? index
        }
      }
    }
    self.byCatalogID = byCatalogID
    self.byName = byName
    self.patterns = patterns
  }

  /// The table with the kill switch in another position; the flips stay.
  public func setting(isKimiEnabled: Bool) -> RolloutTable {
    RolloutTable(entries: entries, catalog: catalog, isKimiEnabled: isKimiEnabled)
  }

  /// The rollout that a request for `asked`, which the catalog reads as `model`, belongs to; nil for none.
  ///
  /// A `from` name stands for its model under every name that the catalog knows, in any letter case and with any
  /// suffix: `gpt-4` covers `openai/gpt-4:online`. The rollout that comes first in the configuration wins.
  public func rollout(for asked: String, model: ResolvedModel) -> Rollout? {
    index(for: asked, model).map { served[$0] }
  }

  /// Decides for one request; nil when no rollout is about its model.
  ///
  /// The model is what to send in place of `asked`, whose suffix it keeps; nil for the incumbent.
  public func assign(
    _ asked: String, model: ResolvedModel, user: String?, random: UInt64, override: String? = nil
  ) -> (assignment: RolloutAssignment, model: ResolvedModel?)? {
    guard let index = index(for: asked, model) else { return nil }
    let assignment = served[index].assign(user: user, random: random, override: override)
    guard let target = assignment.model else { return (assignment, nil) }
    let suffix = ModelName.split(asked).suffix
    let resolved =
      suffix.isEmpty
      ? models[target] ?? catalog.resolve(target)
      : catalog.resolve(String(ModelName.split(target).base) + suffix)
    return (assignment, resolved.replacing(asked))
  }

  private func index(for asked: String, _ model: ResolvedModel) -> Int? {
    // An empty dictionary would hash the name all the same.
    var found = byCatalogID.isEmpty ? nil : model.catalogID.flatMap { byCatalogID[$0] }
    if found == nil, model.catalogID == nil, !byName.isEmpty {
      let folded = ModelName.folded(asked)
      found = byName[folded] ?? byName[String(ModelName.split(folded).base)]
    }
    for (pattern, entry) in patterns where entry < found ?? .max {
      let names = [asked, String(ModelName.split(asked).base), model.catalogID ?? asked]
      if names.contains(where: pattern.matches) { found = entry }
    }
    return found
  }
}
