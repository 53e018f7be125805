/// The last requests that ended in an error: names and numbers, never content.
struct RecentErrors: Sendable {
  struct Entry: Sendable {
    /// Seconds since 1970.
    let second: Int64
    /// The label `error_type` of `weir_errors_total`.
    let code: String
    let status: Int
    let model: String
    let upstream: String?
    let requestID: String
  }

  static let capacity = 50

  private var entries: [Entry] = []
  private var next = 0

  init() { entries.reserveCapacity(Self.capacity) }

  mutating func add(_ request: FinishedRequest, second: Int64) {
    guard let code = request.error else { return }
    let entry = Entry(
      second: second, code: code, status: request.status, model: request.model, upstream: request.upstream,
      requestID: request.requestID)
    if entries.count < Self.capacity {
      entries.append(entry)
    } else {
      entries[next] = entry
    }
    next = (next + 1) % Self.capacity
  }

  /// The newest first.
  var newestFirst: [Entry] {
    entries.indices.map { entries[(next + 2 * entries.count - 1 - $0) % entries.count] }
  }
}
