import WeirPolicy

/// What a process that took over finds in the state file, to which the one before it still wrote while this one started.
/// A value.
struct InheritedFlips {
  /// What the file had when it was last looked at, by rollout.
  private var seen: [String: [FlipRecord]]

  /// - Parameter seen: what the file had when this process read it.
  init(_ seen: [FlipRecord]) { self.seen = Dictionary(grouping: seen, by: \.rollout) }

  /// The changes in effect of each rollout for which the file says something else than it did. A change that was made
  /// here since stays, unless the file's is later.
  ///
  /// - Parameters:
  ///   - file: what it has now.
  ///   - mine: what is in effect here.
  mutating func news(in file: [FlipRecord], besides mine: [FlipRecord]) -> [String: [FlipRecord]] {
    let file = Dictionary(grouping: file, by: \.rollout)
    let mine = Dictionary(grouping: mine, by: \.rollout)
    var news: [String: [FlipRecord]] = [:]
    for name in Set(file.keys).union(seen.keys) where file[name] != seen[name] && file[name] != mine[name] {
      let isTouchedHere = mine[name] != seen[name]
      if !isTouchedHere || Self.latest(file[name]) > Self.latest(mine[name]) { news[name] = file[name] ?? [] }
    }
    seen = file
    return news
  }

  private static func latest(_ flips: [FlipRecord]?) -> Int64 { flips?.map(\.when).max() ?? .min }
}
