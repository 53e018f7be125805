import Synchronization

/// A family whose series are asked for at each scrape instead of being kept.
final class ObservedFamily: ExposedFamily {
  typealias Collect = @Sendable () -> [(labels: [String], value: Double)]

  let shape: FamilyShape
  let help: String
  private let maximumSeries: Int
  private let collect: Mutex<Collect>

  init(shape: FamilyShape, help: String, maximumSeries: Int, collect: @escaping Collect) {
    self.shape = shape
    self.help = help
    self.maximumSeries = max(maximumSeries, 1)
    self.collect = Mutex(collect)
  }

  /// From the next scrape on, `collect` is asked instead of the closure before it.
  func replace(_ collect: @escaping Collect) {
    self.collect.withLock { $0 = collect }
  }

  /// Rows with equal labels would make a scraper refuse the whole page, so only the first of them is shown.
  /// Rows past the bound are summed in the series "other". A counter's negative or undefined rows are left
  /// out, for OpenMetrics forbids them.
  func writeSamples(to writer: inout ExpositionWriter) {
    // Called outside the lock: the closure may itself read the registry.
    let collect = collect.withLock { $0 }
    var seen: Set<[String]> = []
    var excess: Double?
    let overflowValues = LabelText.overflowValues(for: shape.labels)
    for row in collect() {
      if shape.kind == .counter, !(row.value >= 0) { continue }
      let values = LabelText.fitted(row.labels, to: shape.labels)
      if seen.contains(values) { continue }
      if !values.isEmpty, values == overflowValues || seen.count >= maximumSeries {
        excess = (excess ?? 0) + row.value
        continue
      }
      seen.insert(values)
      write(row.value, of: values, to: &writer)
    }
    if let excess { write(excess, of: overflowValues, to: &writer) }
  }

  private func write(_ value: Double, of values: [String], to writer: inout ExpositionWriter) {
    let labels = LabelText.rendered(names: shape.labels, values: values)
    writer.sample(shape.sampleName, labels: labels, value: value)
  }
}
