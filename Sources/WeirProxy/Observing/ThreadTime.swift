import Glibc

/// How long a thread has worked, whatever else the machine does; read in this file only.
enum ThreadTime {
  /// Of the calling thread; a system call.
  static func nanoseconds() -> Int64 {
    var worked = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked)
    return Int64(worked.tv_sec) * 1_000_000_000 + Int64(worked.tv_nsec)
  }
}
