import CWeirSystem
import Glibc
import WeirProxy

/// What systemd, or another service manager that speaks its protocol, is told and gives; nothing where there is none.
/// See sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
struct Supervisor: Sendable {
  private let notifySocket: String?
  /// How often a sign of life is due; nil where none is asked for.
  let watchdog: Duration?
  /// Sockets that listen already.
  let sockets: [String: CInt]

  /// The first descriptor that is passed on.
  private static let firstDescriptor: CInt = 3

  /// - Parameters:
  ///   - environment: the process's.
  ///   - pid: this process's; what is meant for another is not taken.
  init(environment: [String: String], pid: pid_t) {
    notifySocket = environment["NOTIFY_SOCKET"]
    let isWatched = environment["WATCHDOG_PID"].map { $0 == "\(pid)" } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    watchdog = isWatched && microseconds > 0 ? .microseconds(microseconds) : nil
    guard environment["LISTEN_PID"] == "\(pid)", let count = environment["LISTEN_FDS"].flatMap({ Int($0) }), count > 0
    else {
      sockets = [:]
      return
    }
    let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
    sockets = Dictionary(
      names.prefix(count).enumerated().map { (String($1), Supervisor.firstDescriptor + CInt($0)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The sockets named `traffic` and `admin` (`FileDescriptorName=`).
  var listenerSockets: ListenerSockets {
    var listeners = ListenerSockets()
    listeners.traffic = sockets["traffic"]
    listeners.admin = sockets["admin"]
    for descriptor in sockets.values { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return listeners
  }

  /// Both listeners are up.
  func ready(_ status: String) { tell("READY=1\nSTATUS=\(status)") }

  /// The configuration is read again; `ready` ends it.
  func reloading() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    tell("RELOADING=1\nMONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)")
  }

  /// The process drains, for so long at most.
  func stopping(atMost time: Duration) {
    let microseconds = (time + .seconds(10)).components.seconds * 1_000_000
    tell("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=\(microseconds)")
  }

  /// The event loops do their work.
  func alive() { tell("WATCHDOG=1") }

  /// A supervisor that does not listen is no reason to do anything else.
  private func tell(_ state: String) {
    guard let notifySocket else { return }
    _ = unsafe weir_notify(notifySocket, state)
  }
}
