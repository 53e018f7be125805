import Glibc
import WeirConfiguration
import WeirPolicy

/// Chains events and writes them to the file, opened, rotated and opened again as need be. Lives on the audit log's
/// thread.
struct AuditWriter: ~Copyable {
  /// What the chain adds to an event is less.
  private static let addedBytes = 200

  private let path: String
  private var file: AuditFile?
  private var chain: AuditChain?
  private var syncedAt: Int64 = 0
  /// Whether lines were written that may not be on the disk yet.
  private(set) var hasUnsynced = false

  init(path: String) { self.path = path }

  /// Writes the events and takes those that are written from the list.
  mutating func write(
    _ events: inout [[UInt8]], settings: Configuration.Audit, now: Int64, mustSync: Bool
  ) throws(AuditFile.Fault) {
    if !events.isEmpty { try open() }
    while !events.isEmpty {
      let count = Self.batch(events, bytes: settings.maxBytes)
      try append(events.prefix(count), settings: settings)
      events.removeFirst(count)
      hasUnsynced = true
    }
    guard hasUnsynced, mustSync || now != syncedAt else { return }
    try file?.sync()
    hasUnsynced = false
    syncedAt = now
  }

  /// Lets another process write, after whose lines this one goes on.
  mutating func letGo() {
    file = nil
  }

  private mutating func open() throws(AuditFile.Fault) {
    if file?.isGone == true { file = nil }
    guard file == nil else { return }
    var repair: AuditFile.Repair?
    file = try AuditFile.open(path, chain: &chain, repair: &repair)
    if let repair {
      let event = AuditEvent(.recovered).with("torn_bytes", repair.tornBytes)
        .with("reason", "the line before this one was cut off")
      try put([Array(event.members)])
    }
  }

  private mutating func append(_ events: ArraySlice<[UInt8]>, settings: Configuration.Audit) throws(AuditFile.Fault) {
    let bytes = events.reduce(0) { $0 + $1.count + Self.addedBytes }
    if file?.isFull(with: bytes, maximum: settings.maxBytes) == true {
      try file?.sync()
      try AuditFile.rotate(path, keep: settings.keep)
      file = nil
      try open()
    }
    try put(Array(events))
  }

  /// The chain moves on only with the lines that are in the file.
  private mutating func put(_ events: [[UInt8]]) throws(AuditFile.Fault) {
    var next = chain ?? .start
    var bytes: [UInt8] = []
    for event in events {
      bytes += next.append(members: event)
      bytes.append(UInt8(ascii: "\n"))
    }
    do throws(AuditFile.Fault) {
      try file?.append(bytes)
    } catch {
      // What came of it is found out by opening the file again.
      file = nil
      throw error
    }
    chain = next
  }

  /// How many of the first events go together: not so many that they make a file too long, and one at least.
  private static func batch(_ events: [[UInt8]], bytes: Int) -> Int {
    var size = 0
    let end = events.firstIndex { event in
      size += event.count + addedBytes
      return size > bytes
    }
    return max(1, end ?? events.count)
  }
}
