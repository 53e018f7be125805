import WeirConfiguration
import WeirProxy
import WeirStore

/// Whether the store that sidecars share would be used, and what it is: `weir doctor`'s lines about Redis.
struct StoreExamination {
  private static let patience = Duration.seconds(3)

  private let store: SharedStore
  private let settings: StoreSettings
  private let deadline: Duration
  private let say: (String) -> Void

  /// - Returns: whether it would be used; true where none is configured.
  static func run(_ configuration: Configuration, say: @escaping (String) -> Void) async -> Bool {
    guard let settings = StoreSettings(configuration) else { return true }
    do throws(StoreStartError) {
      let store = try SharedStore(settings, observer: Silence())
      try store.start()
      defer { store.stop() }
      let examination = StoreExamination(
        store: store, settings: settings, deadline: configuration.sharedState.deadline, say: say)
      return await examination.examine()
    } catch {
      say("redis       FAILED: \(error)")
      return false
    }
  }

  private func examine() async -> Bool {
    let end = ContinuousClock.now + Self.patience
    while !store.isUp, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
    guard store.isUp else {
      say("redis       FAILED: \(settings.place): \(store.trouble)")
      say("            what to do: check WEIR_REDIS_URL; until then each sidecar counts for itself")
      return false
    }
    let begun = ContinuousClock.now
    let answer = await ask("PING")
    let time = ContinuousClock.now - begun
    guard case .success = answer else {
      say("redis       FAILED: \(settings.place): no answer to PING")
      return false
    }
    let (server, replication, memory) = (await info("server"), await info("replication"), await info("memory"))
    let version = server["valkey_version"].map { "Valkey \($0)" } ?? server["redis_version"].map { "Redis \($0)" }
    say(
      "redis       ok: \(settings.place), \(version ?? "of unknown version"), role \(replication["role"] ?? "unknown"), "
        + "\(store.fleetSize - 1) other sidecars (\(Self.milliseconds(time)) ms)")
    if time > deadline / 2 {
      say(
        "            the deadline of redis.deadline_ms is \(deadline): answers that take longer are done without")
    }
    if let policy = memory["maxmemory_policy"], memory["maxmemory"] != "0" {
      say("redis memory  at most \(memory["maxmemory"] ?? "") bytes, then \(policy)")
      if policy.hasPrefix("allkeys") || policy.hasPrefix("volatile") {
        say("            counts of limits and budgets may be evicted: use noeviction, or give the store more memory")
      }
    }
    return true
  }

  private func ask(_ words: String...) async -> Result<StoreReply, StoreFailure> {
    await withCheckedContinuation { continuation in
      store.command(.heartbeat, words.map { Array($0.utf8) }, deadline: .seconds(1)) {
        continuation.resume(returning: $0)
      }
    }
  }

  /// Empty where the user may not ask.
  private func info(_ section: String) async -> [String: String] {
    guard case .success(let reply) = await ask("INFO", section), let bytes = reply.bytes else { return [:] }
    var fields: [String: String] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1].prefix(64)) }
    }
    return fields
  }

  private static func milliseconds(_ time: Duration) -> String {
    "\(((time / .milliseconds(1)) * 10).rounded() / 10)"
  }

  private struct Silence: StoreObserver {
    func finished(_ operation: StoreOperation, after seconds: Double, failure: StoreFailure?) {}
    func changed(isUp: Bool, reason: String) {}
  }
}
