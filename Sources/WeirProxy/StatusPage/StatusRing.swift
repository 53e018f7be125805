/// Totals of the last so many steps of time, each overwritten when its place comes round again. All memory is taken at
/// the start.
struct StatusRing: Sendable {
  private struct Bin {
    /// The number of the step since 1970; nil while nothing was counted here.
    var step: Int64?
    var totals = StatusTotals()
  }

  /// Seconds that a bin counts.
  let stepSeconds: Int64
  private var bins: [Bin]

  init(stepSeconds: Int64, count: Int) {
    self.stepSeconds = stepSeconds
    bins = Array(repeating: Bin(), count: count)
  }

  mutating func add(_ request: FinishedRequest, second: Int64) {
    let step = second.flooredQuotient(stepSeconds)
    let index = Int(step.flooredRemainder(Int64(bins.count)))
    if bins[index].step != step { bins[index] = Bin(step: step) }
    bins[index].totals.add(request)
  }

  /// The sum over whole steps that begin in the range of seconds.
  func total(_ seconds: Range<Int64>) -> StatusTotals {
    var total = StatusTotals()
    for bin in bins {
      if let step = bin.step, seconds.contains(step * stepSeconds) { total.add(bin.totals) }
    }
    return total
  }

  /// Sums of groups of `groupSeconds` each, oldest first; the last one ends where `end` is, a multiple of that.
  func series(groupSeconds: Int64, count: Int, end: Int64) -> [StatusTotals] {
    var groups = Array(repeating: StatusTotals(), count: count)
    let start = end - groupSeconds * Int64(count)
    for bin in bins {
      guard let step = bin.step else { continue }
      let second = step * stepSeconds
      if second >= start, second < end { groups[Int((second - start) / groupSeconds)].add(bin.totals) }
    }
    return groups
  }
}

extension Int64 {
  /// Rounds down below zero too: a clock may stand before 1970.
  func flooredQuotient(_ divisor: Int64) -> Int64 { (self - flooredRemainder(divisor)) / divisor }

  func flooredRemainder(_ divisor: Int64) -> Int64 {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
