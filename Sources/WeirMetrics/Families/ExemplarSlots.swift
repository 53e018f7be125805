import Synchronization

/// One observation that stands for its bucket, and the request that it came from.
struct Exemplar: Sendable, Equatable {
  /// The only label of an exemplar.
  static let labelName = "request_id"

  /// OpenMetrics 1.0, "Exemplars": names and values of the labels together, in characters.
  static let maximumLabelSetCharacters = 128

  let value: Double
  let requestID: String

  var fitsOpenMetrics: Bool {
    let allowed = Self.maximumLabelSetCharacters - Self.labelName.unicodeScalars.count
    // The length in UTF-8 is stored: it spares walking through a long value.
    return requestID.utf8.count <= allowed * 4 && requestID.unicodeScalars.count <= allowed
  }
}

/// The latest exemplar of each bucket of one histogram.
///
/// Writers try the lock and go on without their exemplar when it is taken, so nobody waits while observing.
struct ExemplarSlots: ~Copyable, Sendable {
  private let slots = Mutex<[Int: Exemplar]>([:])

  func offer(_ exemplar: Exemplar, bucket: Int) {
    guard exemplar.fitsOpenMetrics else { return }
    _ = slots.withLockIfAvailable { $0[bucket] = exemplar }
  }

  var all: [Int: Exemplar] { slots.withLock { $0 } }
}
