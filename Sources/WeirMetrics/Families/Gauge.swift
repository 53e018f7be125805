/// One series that rises and falls. Any thread may use it; callers keep it rather than look it up again.
public final class Gauge: Sendable {
  private let current = AtomicDouble()

  init() {}

  /// Replaces the value.
  public func set(_ value: Double) { current.set(value) }

  /// Adds `amount`, which may be negative.
  public func add(_ amount: Double) { current.add(amount) }

  /// The value now.
  public var value: Double { current.value }
}

/// The gauges of one name, a child for each combination of label values. Any thread may use it.
public final class GaugeFamily: ExposedFamily {
  let shape: FamilyShape
  let help: String
  private let series: SeriesTable<Gauge>

  init(shape: FamilyShape, help: String, maximumSeries: Int) {
    self.shape = shape
    self.help = help
    series = SeriesTable(labelNames: shape.labels, maximum: maximumSeries) { Gauge() }
  }

  /// The gauge of these label values, in the order of the label names; missing ones count as "", extra ones
  /// are dropped, and a new combination past the registry's bound shares the series "other".
  public func child(_ values: [String] = []) -> Gauge { series.child(values) }

  func writeSamples(to writer: inout ExpositionWriter) {
    for entry in series.all {
      writer.sample(shape.sampleName, labels: entry.labels, value: entry.child.value)
    }
  }
}
