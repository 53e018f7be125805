/// Splits a whole number by weights so that a larger whole never gives anyone less.
///
/// Sainte-Laguë's divisor method, one unit at a time to the highest weight / (2·received + 1), ties to the first.
/// Rounding each part, or largest remainders, would now and then take a unit away from one part while the whole
/// grows, and so move users out. Where the whole is a multiple of the weights' sum the split is exact.
/// Source: Balinski and Young, "Fair Representation" (house monotonicity of divisor methods).
enum Apportionment {
  /// The parts, in the order of the weights, together `whole`; negative input counts as 0, and weights that are
  /// all 0 as equal. Weights and whole are hundredths of a percent, at most 10,000 each.
  static func split(_ whole: Int, by weights: [Int]) -> [Int] {
    guard !weights.isEmpty else { return [] }
    let bound = RolloutBucket.count
    let usable = weights.map { min(max($0, 0), bound) }
    let weights = usable.allSatisfy { $0 == 0 } ? usable.map { _ in 1 } : usable
    var parts = weights.map { _ in 0 }
    for _ in 0..<min(max(whole, 0), bound) {
      var best = 0
      for next in parts.indices.dropFirst()
      where weights[next] * (2 * parts[best] + 1) > weights[best] * (2 * parts[next] + 1) { best = next }
      parts[best] += 1
    }
    return parts
  }
}
