import Synchronization

/// One series that only grows. Any thread may use it; callers keep it rather than look it up again.
public final class Counter: Sendable {
  /// Increments up to this size take the integer path: one add that cannot lose to another thread.
  private static let largestWholeIncrement = 4_294_967_296.0

  private let whole = Atomic<UInt64>(0)
  private let fraction = AtomicDouble()

  init() {}

  /// Adds `amount`; a negative, infinite or undefined amount is ignored, for a counter never falls.
  public func increment(by amount: Double = 1) {
    guard amount > 0, amount.isFinite else { return }
    if amount <= Self.largestWholeIncrement, amount == amount.rounded(.towardZero) {
      whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    } else {
      fraction.add(amount)
    }
  }

  /// The sum of all increments so far.
  public var value: Double { Double(whole.load(ordering: .relaxed)) + fraction.value }
}

/// The counters of one name, a child for each combination of label values. Any thread may use it.
public final class CounterFamily: ExposedFamily {
  let shape: FamilyShape
  let help: String
  private let series: SeriesTable<Counter>

  init(shape: FamilyShape, help: String, maximumSeries: Int) {
    self.shape = shape
    self.help = help
    series = SeriesTable(labelNames: shape.labels, maximum: maximumSeries) { Counter() }
  }

  /// The counter of these label values, in the order of the label names; missing ones count as "", extra
  /// ones are dropped, and a new combination past the registry's bound shares the series "other".
  public func child(_ values: [String] = []) -> Counter { series.child(values) }

  func writeSamples(to writer: inout ExpositionWriter) {
    for entry in series.all {
      writer.sample(shape.sampleName, labels: entry.labels, value: entry.child.value)
    }
  }
}
