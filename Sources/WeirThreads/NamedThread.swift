import CWeirSystem
import Glibc

/// A thread of the system for work that blocks, apart from the event loops. It ends when its work does; whoever has to
/// wait for that says so to it by other means.
public enum NamedThread {
  /// Starts it. Any thread may call this.
  ///
  /// - Parameters:
  ///   - name: what `ps -L` and `top -H` show; Linux keeps its first 15 bytes.
  ///   - stackBytes: nil for what the system gives.
  ///   - work: run on the new thread, which holds it until it has returned; let go at once where there is none.
  public static func start(
    _ name: String, stackBytes: Int? = nil, _ work: @escaping @Sendable () -> Void
  ) throws(ThreadStartError) {
    let context = unsafe Unmanaged.passRetained(Work(name: name, body: work)).toOpaque()
    let code = unsafe withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { room in
      guard let attributes = room.baseAddress else { return ENOMEM }
      unsafe pthread_attr_init(attributes)
      defer { unsafe pthread_attr_destroy(attributes) }
      unsafe pthread_attr_setdetachstate(attributes, CInt(PTHREAD_CREATE_DETACHED))
      if let stackBytes {
        let refusal = unsafe pthread_attr_setstacksize(attributes, stackBytes)
        guard refusal == 0 else { return refusal }
      }
      var thread = pthread_t()
      return unsafe pthread_create(
        &thread, attributes,
        { context in
          guard let context = unsafe context else { return nil }
          unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
          return nil
        }, context)
    }
    guard code == 0 else {
      unsafe Unmanaged<Work>.fromOpaque(context).release()
      throw ThreadStartError(name: name, errno: code)
    }
  }

  private final class Work: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    func run() {
      unsafe weir_name_thread(name)
      body()
    }
  }
}

/// The system gave no thread: its limits of processes (`ulimit -u`, `pids.max` of the container) or of memory are reached.
public struct ThreadStartError: Error, CustomStringConvertible {
  /// What the thread would have been called.
  public let name: String
  /// The error number of pthread_create(3).
  public let errno: CInt

  /// What happened and what to look at.
  public var description: String {
    let reason = unsafe String(cString: strerror(errno))
    return "the thread \(name) cannot be started (\(reason)): look at the limits of threads and memory"
      + " (ulimit -u, pids.max)"
  }
}
