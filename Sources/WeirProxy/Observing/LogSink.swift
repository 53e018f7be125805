import Glibc
import Synchronization
public import WeirThreads

/// Where log lines go: a bounded queue in memory that a thread of its own writes to a file descriptor, so that a slow
/// terminal or a full disk never stops an event loop.
public final class LogSink: Sendable {
  private struct Queue {
    var bytes: [UInt8] = []
    var dropped = 0
    var isClosed = false
    var isWriting = false
  }

  /// Lines beyond this many bytes are dropped and counted.
  static let maximumBytes = 4 * 1024 * 1024
  /// Room up to this size serves another batch.
  private static let keptBytes = 512 * 1024
  /// How long the first line of a batch waits for others.
  private static let gatheringMicroseconds: UInt32 = 10_000

  /// How long the end waits for a reader that takes nothing, and for one that takes a little now and then.
  private static let standstillSeconds = 2
  private static let farewellSeconds = 10

  private let queue = Mutex(Queue())
  private let written = Atomic<Int>(0)
  private let descriptor: CInt
  private let wake: Semaphore
  private let finished: Semaphore

  /// Writes to `descriptor`, standard error for the commands.
  public init(descriptor: CInt) throws(ThreadStartError) {
    self.descriptor = descriptor
    wake = Semaphore()
    finished = Semaphore()
    try NamedThread.start("weir-log") { self.run() }
  }

  /// Adds one line; the line end is added here.
  public func write(_ line: some Collection<UInt8>) {
    let needsWake = queue.withLock { queue in
      guard !queue.isClosed, queue.bytes.count < Self.maximumBytes else {
        queue.dropped += 1
        return false
      }
      queue.bytes.append(contentsOf: line)
      queue.bytes.append(UInt8(ascii: "\n"))
      defer { queue.isWriting = true }
      return !queue.isWriting
    }
    if needsWake { wake.signal() }
  }

  /// Lines that did not fit.
  public var droppedLines: Int { queue.withLock { $0.dropped } }

  /// Writes what is queued and ends the thread. A pipe that is full and that nobody reads does not keep the process from
  /// ending: what it does not take for a while is given up.
  public func close() {
    let wasOpen = queue.withLock { queue in
      defer { queue.isClosed = true }
      return !queue.isClosed
    }
    guard wasOpen else { return }
    wake.signal()
    var (before, idleSeconds) = (-1, 0)
    for _ in 0..<Self.farewellSeconds where idleSeconds < Self.standstillSeconds {
      guard !finished.wait(atMostSeconds: 1) else { return }
      let now = written.load(ordering: .relaxed)
      idleSeconds = now == before ? idleSeconds + 1 : 0
      before = now
    }
  }

  private func run() {
    var batch: [UInt8] = []
    while true {
      wake.wait()
      // Lines of a busy proxy are gathered for a moment: one wake-up and one write serve many.
      if !queue.withLock({ $0.isClosed }) { usleep(Self.gatheringMicroseconds) }
      while takeBatch(&batch) {
        put(batch)
        batch.removeAll(keepingCapacity: batch.capacity <= Self.keptBytes)
      }
      if queue.withLock({ $0.isClosed && $0.bytes.isEmpty }) { break }
    }
    finished.signal()
  }

  /// Takes what is queued in exchange for an empty batch's room; false hands the duty to wake the thread back to the
  /// writers.
  private func takeBatch(_ batch: inout [UInt8]) -> Bool {
    queue.withLock { queue in
      guard !queue.bytes.isEmpty else {
        queue.isWriting = false
        return false
      }
      swap(&queue.bytes, &batch)
      return true
    }
  }

  private func put(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { region in
      var rest = unsafe region[...]
      while unsafe !rest.isEmpty {
        let count = unsafe Glibc.write(descriptor, rest.baseAddressOfSlice, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          if errno == EAGAIN {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&ready, 1, 1000)
            continue
          }
          return
        }
        written.wrappingAdd(count, ordering: .relaxed)
        unsafe rest = rest.dropFirst(count)
      }
    }
  }
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var baseAddressOfSlice: UnsafeRawPointer? {
    unsafe UnsafeRawBufferPointer(rebasing: self).baseAddress
  }
}
