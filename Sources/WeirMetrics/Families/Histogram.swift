/// One series of observations counted in buckets. Any thread may use it; callers keep it rather than look
/// it up again.
///
/// An observation is one atomic add to its bucket and one compare-and-swap of the sum. The count is not
/// kept: it is the sum of the buckets, so that a reader never sees the two disagree.
public final class Histogram: Sendable {
  private let bounds: [Double]
  private let counts: BucketCounts
  private let sum = AtomicDouble()
  private let exemplars = ExemplarSlots()

  /// `bounds`: the buckets' upper bounds, ascending, without the infinite one.
  init(bounds: [Double]) {
    self.bounds = bounds
    counts = BucketCounts(count: bounds.count + 1)
  }

  /// Counts `value`. A negative one counts as zero, so that the sum never falls; an infinite or undefined
  /// one is ignored, for it would spoil the sum for good.
  public func observe(_ value: Double) { count(value) }

  /// Counts `value` as `observe(_:)` does, for a request that may stand for its bucket in OpenMetrics.
  ///
  /// Kept is the first request of a bucket in each second, at best effort: not one whose id is longer than 118
  /// characters (OpenMetrics allows 128 with the label's name), nor while another thread is at the exemplars; it
  /// never waits.
  ///
  /// - Parameters:
  ///   - requestID: the exemplar's label `request_id`.
  ///   - time: seconds since 1970.
  public func observe(_ value: Double, requestID: String, time: Double) {
    guard let bucket = count(value) else { return }
    exemplars.offer(Exemplar(value: max(value, 0), requestID: requestID, time: time), bucket: bucket)
  }

  @discardableResult
  private func count(_ value: Double) -> Int? {
    guard value.isFinite else { return nil }
    let counted = max(value, 0)
    let bucket = bucket(of: counted)
    counts.increment(bucket)
    sum.add(counted)
    return bucket
  }

  /// The number of observations so far.
  public var count: UInt64 { counts.read().reduce(0, &+) }

  /// The sum of all observations so far, in the unit of the observations.
  public var total: Double { sum.value }

  /// What a scrape shows, its counts not yet cumulated.
  func snapshot() -> HistogramSnapshot {
    // Exemplars first: whoever offers one has counted it before, so none appears in an empty bucket.
    let exemplars = exemplars.all
    return HistogramSnapshot(counts: counts.read(), sum: sum.value, exemplars: exemplars)
  }

  /// The first bucket whose bound is not below the value, by bisection; `bounds.count` when there is none.
  private func bucket(of value: Double) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = low + (high - low) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The state of a histogram at one scrape: a count for each bucket, the infinite one last.
struct HistogramSnapshot: Sendable {
  let counts: [UInt64]
  let sum: Double
  let exemplars: [Int: Exemplar]
}

/// The histograms of one name and one set of buckets, a child for each combination of label values. Any
/// thread may use it.
public final class HistogramFamily: ExposedFamily {
  let shape: FamilyShape
  let help: String
  private let series: SeriesTable<Histogram>

  init(shape: FamilyShape, help: String, maximumSeries: Int) {
    self.shape = shape
    self.help = help
    let bounds = shape.bounds
    series = SeriesTable(labelNames: shape.labels, maximum: maximumSeries) { Histogram(bounds: bounds) }
  }

  /// The histogram of these label values, in the order of the label names; missing ones count as "", extra
  /// ones are dropped, and a new combination past the registry's bound shares the series "other".
  public func child(_ values: [String] = []) -> Histogram { series.child(values) }

  func writeSamples(to writer: inout ExpositionWriter) {
    let bounds = (shape.bounds + [.infinity]).map(FloatText.bound)
    for entry in series.all {
      writer.histogram(
        shape.sampleName, labels: entry.labels, bounds: bounds, snapshot: entry.child.snapshot())
    }
  }
}
