import Synchronization

/// The children of one family by label values, in the order of their creation, bounded in number.
///
/// Any thread may use it. Looking a child up takes a lock for the time of a dictionary access; whoever
/// counts often keeps the child.
final class SeriesTable<Child: Sendable>: Sendable {
  struct Entry: Sendable {
    /// The labels as they are exposed, without braces: rendered once, shown at every scrape.
    let labels: [UInt8]
    let child: Child
  }

  private struct State {
    var positions: [[String]: Int] = [:]
    var entries: [Entry] = []
  }

  private let labelNames: [String]
  private let maximum: Int
  private let overflowValues: [String]
  private let make: @Sendable () -> Child
  private let state = Mutex(State())

  /// `maximum`: how many combinations get a child of their own; the overflow child comes on top.
  init(labelNames: [String], maximum: Int, make: @escaping @Sendable () -> Child) {
    self.labelNames = labelNames
    self.maximum = max(maximum, 1)
    self.make = make
    overflowValues = LabelText.overflowValues(for: labelNames)
    // A family without labels has one series, which is there from the start (Prometheus' advice, so that
    // a rate sees the first increment).
    if labelNames.isEmpty { _ = child([]) }
  }

  func child(_ values: [String]) -> Child {
    let fitted = LabelText.fitted(values, to: labelNames)
    return state.withLock { state in
      if let position = state.positions[fitted] { return state.entries[position].child }
      let isFull = state.entries.count >= maximum
      let admitted = isFull ? overflowValues : fitted
      if isFull, let position = state.positions[admitted] { return state.entries[position].child }
      let entry = Entry(
        labels: LabelText.rendered(names: labelNames, values: admitted), child: make())
      state.positions[admitted] = state.entries.count
      state.entries.append(entry)
      return entry.child
    }
  }

  var all: [Entry] { state.withLock { $0.entries } }
}
