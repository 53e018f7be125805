import Dispatch
import Glibc
import Synchronization

/// A pipe: what is written to one end is read from the other. Closes both ends when it goes.
final class Pipe {
  let reader: CInt
  let writer: CInt
  private var isWriterOpen = true

  init() throws {
    var ends: [CInt] = [0, 0]
    guard unsafe ends.withUnsafeMutableBufferPointer({ unsafe pipe($0.baseAddress) }) == 0 else { throw PipeError() }
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    closeWriter()
    close(reader)
  }

  /// Readers see the end once they have read what is there.
  func closeWriter() {
    if isWriterOpen { close(writer) }
    isWriterOpen = false
  }

  /// Everything up to the end.
  static func readAll(_ descriptor: CInt) -> [UInt8] {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return all }
      all += block[..<count]
    }
  }
}

/// Reads a descriptor to its end on a thread of its own: tests run on few threads, which a queue of Dispatch shares, so
/// that a reader on one of those may never get its turn while they wait for it.
final class Reading: Sendable {
  private let descriptor: CInt
  private let found = Mutex<[UInt8]>([])
  private let done = DispatchSemaphore(value: 0)

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Reading>.fromOpaque(context).takeRetainedValue().read()
        return nil
      }, context)
    precondition(code == 0, "no thread can be started")
    pthread_detach(thread)
  }

  /// Waits for the end.
  func all() -> [UInt8] {
    done.wait()
    return found.withLock { $0 }
  }

  private func read() {
    let bytes = Pipe.readAll(descriptor)
    found.withLock { $0 = bytes }
    done.signal()
  }
}

/// No descriptors are left.
struct PipeError: Error {}
