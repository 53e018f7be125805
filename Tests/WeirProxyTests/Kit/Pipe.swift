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

/// Reads a descriptor to its end on a thread of its own, since tests run on few threads that must not wait for each
/// other.
final class Reading: Sendable {
  private let found = Mutex<[UInt8]>([])
  private let done = DispatchSemaphore(value: 0)

  init(_ descriptor: CInt) {
    DispatchQueue(label: "reading").async {
      let bytes = Pipe.readAll(descriptor)
      self.found.withLock { $0 = bytes }
      self.done.signal()
    }
  }

  /// Waits for the end.
  func all() -> [UInt8] {
    done.wait()
    return found.withLock { $0 }
  }
}

/// No descriptors are left.
struct PipeError: Error {}
