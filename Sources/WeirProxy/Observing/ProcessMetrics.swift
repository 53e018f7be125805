import Glibc
import WeirConfiguration
import WeirMetrics

/// The standard `process_*` metrics (Prometheus, "Writing client libraries"), read from /proc at scrape time.
enum ProcessMetrics {
  static func register(in registry: MetricsRegistry) {
    let start = startTime()
    gauge(registry, "process_start_time_seconds", "Start time of the process since the epoch.") { start }
    gauge(registry, "process_resident_memory_bytes", "Resident memory.") {
      pages(field: 1).map { $0 * Double(sysconf(CInt(_SC_PAGESIZE))) }
    }
    gauge(registry, "process_virtual_memory_bytes", "Virtual memory.") {
      pages(field: 0).map { $0 * Double(sysconf(CInt(_SC_PAGESIZE))) }
    }
    gauge(registry, "process_open_fds", "Open file descriptors.") { openDescriptors() }
    gauge(registry, "process_max_fds", "Most file descriptors that may be open.") {
      var limit = rlimit()
      guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
      return Double(limit.rlim_cur)
    }
    registry.observed(
      "process_cpu_seconds_total", help: "User and system time spent.", kind: .counter
    ) {
      var usage = rusage()
      guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return [] }
      let seconds = usage.ru_utime.seconds + usage.ru_stime.seconds
      return [(labels: [], value: seconds)]
    }
  }

  private static func gauge(
    _ registry: MetricsRegistry, _ name: String, _ help: String, _ read: @escaping @Sendable () -> Double?
  ) {
    registry.observed(name, help: help, kind: .gauge) { read().map { [(labels: [], value: $0)] } ?? [] }
  }

  /// A field of /proc/self/statm (proc(5)), in pages.
  private static func pages(field: Int) -> Double? {
    guard let text = procText("/proc/self/statm") else { return nil }
    let fields = text.split(separator: " ")
    return field < fields.count ? Double(fields[field]) : nil
  }

  private static func openDescriptors() -> Double? {
    guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(folder) }
    // The folder's own descriptor, `.` and `..` are not counted.
    var count = -3
    while unsafe readdir(folder) != nil { count += 1 }
    return Double(max(count, 0))
  }

  /// Field 22 of /proc/self/stat (ticks after boot) on top of the boot time in /proc/stat.
  private static func startTime() -> Double? {
    guard let stat = procText("/proc/self/stat"), let boot = procText("/proc/stat") else { return nil }
    // The process name, field 2, may hold spaces; the fields after its closing bracket do not.
    guard let bracket = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[bracket...].split(separator: " ")
    guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
    guard let line = boot.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let bootSeconds = Double(line.dropFirst(6))
    else { return nil }
    return bootSeconds + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
  }

  private static func procText(_ path: String) -> String? {
    guard let bytes = try? DiskFile.read(path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension timeval {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1_000_000 }
}
