import Glibc
import Logging
import Synchronization
import WeirConfiguration
import WeirMetrics
import WeirPolicy
import WeirThreads

/// The audit log: a bounded queue that a thread of its own chains and writes to a file. Any thread may use it; nobody
/// waits for the disk.
final class AuditLog: Sendable {
  private struct Queue {
    var events: [[UInt8]] = []
    var bytes = 0
    var dropped = 0
    /// Dropped since the log last said so, or since its thread last asked.
    var unreported = 0
    var isClosed = false
  }

  /// Which other processes write to the file too.
  private enum Company: UInt8, AtomicRepresentable {
    /// None, that anybody knows of.
    case none
    /// The one that this process has taken over from.
    case predecessor
    /// The one that has taken over from this process, which writes for longer.
    case successor
  }

  /// Events beyond this many bytes are dropped and counted.
  private static let maximumBytes = 4 * 1024 * 1024
  /// Of a body no more is written, where bodies are.
  static let maximumBody = 64 * 1024
  /// How long the first event of a batch waits for others.
  private static let gatheringMicroseconds: UInt32 = 5_000
  private static let complaintSeconds: Int64 = 60
  /// How long after the start a process that this one takes over from may go on writing, without that being a failure.
  private static let handOverSeconds: Int64 = 120
  /// How long a process that ends waits for one that it took over from, and that still writes.
  private static let closingSeconds: Int64 = 15
  /// Between two looks whether that one has ended. Who ends looks oftener: who goes on keeps the file.
  private static let closingLookMicroseconds: UInt32 = 10_000
  private static let handOverLookMicroseconds: UInt32 = 250_000
  /// Between two calls of fdatasync; also what a power failure may take.
  private static let syncSeconds: Int64 = 1

  private let path: String
  private let logger: Logger
  private let settings: Mutex<Configuration.Audit>
  private let queue = Mutex(Queue())
  private let isFailing = Atomic<Bool>(false)
  private let trouble = Mutex<String?>(nil)
  private let refuses = Atomic<Bool>(false)
  private let company = Atomic<Company>(.none)
  /// When one that wrote before this process has ended, in seconds of the monotonic clock, which no setting of the time of
  /// day may stretch.
  private let isFirstGoneAt = WallClock.monotonicSeconds() + AuditLog.handOverSeconds
  private let wake = Semaphore()
  private let finished = Semaphore()
  let keyUses = KeyUses()
  let repeats = AuditRepeats()

  /// - Parameter path: the file; it need not exist.
  init(path: String, settings: Configuration.Audit, logger: Logger) throws(ThreadStartError) {
    self.path = path
    self.logger = logger
    self.settings = Mutex(settings)
    refuses.store(settings.onFailure == .refuse, ordering: .relaxed)
    try NamedThread.start("weir-audit") { self.run() }
  }

  /// Takes another configuration's settings, but for the file.
  func follow(_ settings: Configuration.Audit) {
    self.settings.withLock { $0 = settings }
    refuses.store(settings.onFailure == .refuse, ordering: .relaxed)
  }

  /// This process has taken over from another one, which writes until it has served out.
  func noteSuccession() { company.store(.predecessor, ordering: .relaxed) }

  /// Another process has taken over from this one, and writes too.
  func noteHandOver() {
    company.store(.successor, ordering: .relaxed)
    wake.signal()
  }

  /// Whether other processes write to the file too, at a time of the monotonic clock: it is let go of after each batch
  /// then, so that none of them has to wait for another's end.
  func isShared(at seconds: Int64) -> Bool {
    switch company.load(ordering: .relaxed) {
    case .none: false
    case .predecessor: seconds < isFirstGoneAt
    case .successor: true
    }
  }

  /// Adds one event.
  func record(_ event: AuditEvent) {
    let members = Array(event.members)
    let wasAdded = queue.withLock { queue in
      guard !queue.isClosed, queue.bytes + members.count <= Self.maximumBytes else {
        queue.dropped += 1
        queue.unreported += 1
        return false
      }
      queue.events.append(members)
      queue.bytes += members.count
      return true
    }
    if !wasAdded { isFailing.store(true, ordering: .relaxed) }
    wake.signal()
  }

  /// Events that were lost.
  var droppedEvents: Int { queue.withLock { $0.dropped } }

  /// Why the file is not written at the moment; nil while it is.
  var problem: String? { trouble.withLock { $0 } }

  /// Why new requests are refused: somebody wants none that the log could not tell of.
  var refusal: Refusal? {
    guard refuses.load(ordering: .relaxed), isFailing.load(ordering: .relaxed) else { return nil }
    return Refusal(
      .overloaded, "the audit log cannot be written, and WEIR_AUDIT_ON_FAILURE=refuse lets no request pass without it",
      remedy: "Free the disk or mend the file that weir's log names; weir tries again each second.",
      retryAfterSeconds: 5)
  }

  /// Writes what is queued and ends the thread.
  func close() {
    let wasOpen = queue.withLock { queue in
      defer { queue.isClosed = true }
      return !queue.isClosed
    }
    guard wasOpen else { return }
    wake.signal()
    finished.wait()
  }

  // MARK: The thread

  private func run() {
    var writer = AuditWriter(path: path)
    var batch = Batch()
    var complainedAt: Int64?
    var closedAt: Int64?
    while true {
      let isIdle = batch.events.isEmpty && batch.lost == 0 && !writer.hasUnsynced
      if isIdle { wake.wait() } else if closedAt == nil { wake.wait(atMostSeconds: Int(Self.syncSeconds)) }
      if !queue.withLock({ $0.isClosed }) { usleep(Self.gatheringMicroseconds) }
      let isClosed = takeEvents(into: &batch)
      let now = WallClock.monotonicSeconds()
      do throws(AuditFile.Fault) {
        let isShared = isShared(at: now)
        try writer.write(&batch.events, settings: settings.withLock { $0 }, now: now, mustSync: isClosed || isShared)
        if isShared { writer.letGo() }
        complainedAt = nil
        trouble.withLock { $0 = nil }
        if isFailing.exchange(false, ordering: .relaxed) { logger.notice("the audit log is written again") }
      } catch {
        if isClosed { closedAt = closedAt ?? now }
        if error.isTaken, waitsForOther(closedAt: closedAt, now: now) { continue }
        isFailing.store(true, ordering: .relaxed)
        trouble.withLock { $0 = "\(error)" }
        if complainedAt.map({ now - $0 >= Self.complaintSeconds }) ?? true {
          complainedAt = now
          logger.error(
            "the audit log cannot be written",
            metadata: ["reason": "\(error)", "dropped": "\(droppedEvents)", "waiting": "\(batch.events.count)"])
        }
        if isClosed { break }
      }
      guard isClosed else { continue }
      if batch.lost == 0, queue.withLock({ $0.events.isEmpty }) { break }
      wake.signal()
    }
    finished.signal()
  }

  /// Waits a moment where another process may be about to let go of the file; false where that would take too long.
  private func waitsForOther(closedAt: Int64?, now: Int64) -> Bool {
    guard let closedAt else {
      guard isShared(at: now) || now < isFirstGoneAt else { return false }
      usleep(Self.handOverLookMicroseconds)
      return true
    }
    guard company.load(ordering: .relaxed) != .none, now - closedAt < Self.closingSeconds else { return false }
    usleep(Self.closingLookMicroseconds)
    return true
  }

  /// Takes what is queued, and gives whether nothing follows it.
  private func takeEvents(into batch: inout Batch) -> Bool {
    let (taken, lost, isClosed) = queue.withLock { queue in
      defer {
        queue.events = []
        queue.bytes = 0
        queue.unreported = 0
      }
      return (queue.events, queue.unreported, queue.isClosed)
    }
    let more = batch.take(taken, lost: lost, maximumBytes: Self.maximumBytes)
    if more > 0 { queue.withLock { $0.dropped += more } }
    return isClosed
  }
}

extension AuditLog {
  /// What is to be written, in its order. What waits for a disk that failed counts for the bound too. A value.
  struct Batch {
    /// The event that tells of lost ones is among them, once there is room for it.
    var events: [[UInt8]] = []
    /// Lost, and not told yet: were it told each time, the bound would hold for nothing while the disk fails.
    private(set) var lost = 0

    /// Takes further events as far as the bound allows.
    ///
    /// - Parameter lost: events that were lost before these.
    /// - Returns: how many of these are lost.
    mutating func take(_ further: [[UInt8]], lost before: Int, maximumBytes: Int) -> Int {
      lost += before
      var bytes = events.reduce(0) { $0 + $1.count }
      var more = 0
      for event in further {
        if bytes + event.count <= maximumBytes {
          events.append(event)
          bytes += event.count
        } else {
          more += 1
        }
      }
      lost += more
      guard lost > 0 else { return more }
      let event = Array(AuditEvent(.dropped).with("count", lost).members)
      if bytes + event.count <= maximumBytes {
        events.append(event)
        lost = 0
      }
      return more
    }
  }
}

extension AuditLog {
  /// Counts what was lost, where there is an audit log or not.
  static func register(in registry: MetricsRegistry, _ log: @escaping @Sendable () -> AuditLog?) {
    registry.observed(
      "weir_audit_dropped_total", help: "Audit events that could not be written.", kind: .counter
    ) { [(labels: [], value: Double(log()?.droppedEvents ?? 0))] }
  }
}
