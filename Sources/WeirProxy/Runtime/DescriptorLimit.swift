import Glibc

/// The process's bound on open files, which is what connections run out of first.
enum DescriptorLimit {
  /// Raises the soft bound to the hard one and gives what is in effect.
  static func raise() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
    if limit.rlim_cur < limit.rlim_max {
      limit.rlim_cur = limit.rlim_max
      _ = unsafe setrlimit(resource, &limit)
      _ = unsafe getrlimit(resource, &limit)
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// What the configured bounds need: one a client connection, one an upstream connection, and some for the rest.
  static func needed(connections: Int, inFlight: Int) -> Int { connections + inFlight + 64 }
}
