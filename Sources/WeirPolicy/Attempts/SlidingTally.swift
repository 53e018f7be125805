/// Counts events, and the marked ones among them, over the last stretch of time, in ten steps: what it holds covers
/// nine tenths of its length to all of it. A clock that goes back counts into the newest step.
struct SlidingTally: Sendable {
  private static let stepCount: Int64 = 10

  /// Nanoseconds.
  let length: Int64
  /// All events of the stretch.
  private(set) var all = 0
  /// The marked ones.
  private(set) var marked = 0

  private var steps: [(all: Int, marked: Int)] = []
  private var newest: Int64 = 0
  private let stepLength: Int64

  init(length: Int64) {
    self.length = length
    stepLength = max(length / Self.stepCount, 1)
  }

  /// Forgets what is too old.
  mutating func advance(to now: Int64) {
    let step = max(now, 0) / stepLength
    guard step > newest, !steps.isEmpty else { return }
    for late in 0..<min(step - newest, Self.stepCount) {
      let slot = Int((step - late) % Self.stepCount)
      all -= steps[slot].all
      marked -= steps[slot].marked
      steps[slot] = (0, 0)
    }
    newest = step
  }

  mutating func count(all: Int = 0, marked: Int = 0, now: Int64) {
    if steps.isEmpty {
      steps = Array(repeating: (0, 0), count: Int(Self.stepCount))
      newest = max(now, 0) / stepLength
    }
    advance(to: now)
    let slot = Int(newest % Self.stepCount)
    steps[slot].all += all
    steps[slot].marked += marked
    self.all += all
    self.marked += marked
  }
}

/// Sums of moments and spans that stay within their type, whatever the configuration says.
enum Moment {
  /// Nanoseconds of the clock that `now` is of.
  static func after(_ span: Int64, from now: Int64) -> Int64 {
    let (sum, isOver) = now.addingReportingOverflow(max(span, 0))
    return isOver ? .max : sum
  }
}
