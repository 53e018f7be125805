/// The known name that a misspelt one most likely means.
enum NearestName {
  /// The candidate at the least distance, the first of several; nil without candidates.
  static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    var nearest: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(name, candidate)
      if nearest.map({ distance < $0.distance }) ?? true { nearest = (candidate, distance) }
    }
    return nearest?.name
  }

  /// The optimal-string-alignment distance: insertions, deletions, replacements and swaps of neighbours, each
  /// counted once; letter case ignored. Only the first 200 bytes of each name are looked at.
  static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.lowercased().utf8.prefix(200))
    let b = Array(right.lowercased().utf8.prefix(200))
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in b.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
