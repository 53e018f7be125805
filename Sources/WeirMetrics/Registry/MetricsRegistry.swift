import Synchronization

/// A registration that could not be exposed, and why.
public struct MetricConflict: Sendable, Equatable {
  /// The name as it was registered.
  public let name: String
  /// A plain sentence for the log.
  public let reason: String
}

/// All metrics of a process, by name. Any thread may use it.
///
/// Registering takes a lock; counting with the children that it hands out never does. Asking twice for the
/// same name and shape gives the same family. A registration that cannot be exposed (another shape under a
/// name that is taken, a malformed name) gives a family that works but is not shown, and is listed in
/// `conflicts`.
public final class MetricsRegistry: Sendable {
  private struct State {
    var families: [String: any ExposedFamily] = [:]
    /// Each name that an exposed family may use, with the family that has it.
    var claims: [String: String] = [:]
    var conflicts: [MetricConflict] = []
  }

  /// How many conflicts are remembered.
  private static let maximumConflicts = 100

  private let maximumSeries: Int
  private let state = Mutex(State())

  /// `maximumSeriesPerFamily`: how many label combinations each family keeps; further ones share one series
  /// whose labels are all "other".
  public init(maximumSeriesPerFamily: Int = 10_000) {
    maximumSeries = maximumSeriesPerFamily
  }

  /// A family of counters; `name` ends with `_total` (which is added where it is missing).
  public func counter(_ name: String, help: String, labels: [String] = []) -> CounterFamily {
    let shape = FamilyShape(kind: .counter, name: name, labels: labels)
    return register(shape, as: name) {
      CounterFamily(shape: shape, help: help, maximumSeries: maximumSeries)
    }
  }

  /// A family of gauges.
  public func gauge(_ name: String, help: String, labels: [String] = []) -> GaugeFamily {
    let shape = FamilyShape(kind: .gauge, name: name, labels: labels)
    return register(shape, as: name) {
      GaugeFamily(shape: shape, help: help, maximumSeries: maximumSeries)
    }
  }

  /// A family of histograms; `buckets` are upper bounds, the infinite one is added.
  public func histogram(
    _ name: String, help: String, labels: [String] = [], buckets: [Double]
  ) -> HistogramFamily {
    let shape = FamilyShape(kind: .histogram, name: name, labels: labels, bounds: buckets)
    return register(shape, as: name) {
      HistogramFamily(shape: shape, help: help, maximumSeries: maximumSeries)
    }
  }

  /// The kinds of family that can be read at scrape time.
  public enum ObservedKind: Sendable {
    /// A value that only grows while the process lives.
    case counter
    /// A value that rises and falls.
    case gauge
  }

  /// A family whose rows `collect` gives at each scrape, on the scraping thread and without a lock held.
  ///
  /// Registered again in the same shape, the newer closure takes the place of the older. Rows with labels
  /// that came before in the same scrape are left out; rows past the series bound are summed as "other".
  public func observed(
    _ name: String, help: String, kind: ObservedKind, labels: [String] = [],
    collect: @escaping @Sendable () -> [(labels: [String], value: Double)]
  ) {
    let shape = FamilyShape(kind: kind == .counter ? .counter : .gauge, name: name, labels: labels)
    let family = register(shape, as: name) {
      ObservedFamily(shape: shape, help: help, maximumSeries: maximumSeries, collect: collect)
    }
    family.replace(collect)
  }

  /// Registrations that are not exposed, oldest first, without repeats; at most a hundred are kept.
  public var conflicts: [MetricConflict] { state.withLock { $0.conflicts } }

  /// All families in the order of their names, as a scraper wants to read them.
  public func exposition(_ format: ExpositionFormat) -> [UInt8] {
    let families = state.withLock { Array($0.families.values) }
    var writer = ExpositionWriter(format: format)
    for family in families.sorted(by: { $0.shape.family < $1.shape.family }) {
      writer.begin(family.shape, help: family.help)
      family.writeSamples(to: &writer)
    }
    return writer.finish()
  }

  /// The most series that an exposition can ever have, over the families that are registered now.
  ///
  /// - Parameter labels: how many values each label can have; one that is missing can have any number.
  public func seriesBound(_ labels: [String: Int]) -> Int {
    let shapes = state.withLock { $0.families.values.map(\.shape) }
    return shapes.reduce(0) { $0 + bound(of: $1, labels) }
  }

  private func bound(of shape: FamilyShape, _ labels: [String: Int]) -> Int {
    let combinations = shape.labels.reduce(1) {
      min(maximumSeries, $0 * min(labels[$1] ?? maximumSeries, maximumSeries))
    }
    // What is over the bound shares one more.
    let series = max(combinations, 1) + (shape.labels.isEmpty ? 0 : 1)
    // The infinite bucket, the sum and the count.
    return shape.kind == .histogram ? series * (shape.bounds.count + 3) : series
  }

  private func register<Family: ExposedFamily>(
    _ shape: FamilyShape, as name: String, make: () -> Family
  ) -> Family {
    state.withLock { state in
      if let same = state.families[shape.family] as? Family, same.shape == shape { return same }
      let family = make()
      if let reason = shape.problem ?? Self.claimProblem(of: shape, in: state) {
        let conflict = MetricConflict(name: name, reason: reason)
        if state.conflicts.count < Self.maximumConflicts, !state.conflicts.contains(conflict) {
          state.conflicts.append(conflict)
        }
        return family
      }
      state.families[shape.family] = family
      for claimed in shape.claimedNames { state.claims[claimed] = shape.sampleName }
      return family
    }
  }

  private static func claimProblem(of shape: FamilyShape, in state: State) -> String? {
    for name in shape.claimedNames {
      guard let owner = state.claims[name] else { continue }
      return owner == shape.sampleName
        ? "registered before with another kind, other labels or other buckets"
        : "the name \(name) belongs to \(owner)"
    }
    return nil
  }
}
