/// Finds the names that somebody may have meant.
public enum NearNames {
  /// Names longer than this get no suggestions, which bounds the work at any length of input.
  static let longestName = 64

  /// Up to `limit` of `names` within a few slips of `asked`, nearest first, ties in alphabetical order.
  ///
  /// Compares whole names and what follows the last slash, letter case and suffix ignored; a third of the
  /// name's length, at least two slips, is near. Meant for refusals, not for the usual path.
  public static func of(_ asked: String, in names: [String], limit: Int = 3) -> [String] {
    guard asked.utf8.count <= longestName, !asked.isEmpty else { return [] }
    let (whole, slug) = spellings(asked)
    let reach = max(2, slug.count / 3)
    var near: [(distance: Int, name: String)] = []
    for name in Set(names) where name.utf8.count <= longestName {
      let other = spellings(name)
      let distance = min(
        EditDistance.between(whole, other.whole), EditDistance.between(slug, other.slug))
      if distance <= reach { near.append((distance, name)) }
    }
    near.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return near.prefix(max(limit, 0)).map(\.name)
  }

  private static func spellings(_ name: String) -> (whole: [UInt8], slug: [UInt8]) {
    let base = ModelName.folded(String(ModelName.split(name).base))
    return (Array(base.utf8), Array(ModelName.slug(base).utf8))
  }
}

/// The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
///
/// Source: Damerau 1964, in the restricted form of Oommen and Loke 1997; O(n·m) time, three rows of memory.
enum EditDistance {
  static func between(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [Int](repeating: row + 1, count: right.count + 1)
      for (column, other) in right.enumerated() {
        let replaced = last[column] + (byte == other ? 0 : 1)
        current[column + 1] = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
          current[column + 1] = min(current[column + 1], beforeLast[column - 1] + 1)
        }
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
