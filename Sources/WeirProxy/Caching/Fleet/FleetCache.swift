import Dispatch
import NIOCore
import Synchronization
import WeirPolicy
import WeirStore

/// The cache's second tier: replies that sidecars keep for each other in a shared store. Any thread may use it; nothing
/// here blocks, and where the store is not there nothing is asked of it.
final class FleetCache: Sendable {
  private let store: SharedStore
  private let seal: ReplySeal?
  private let generation: FleetCacheGeneration
  let metrics: FleetCacheMetrics
  /// Reads large values, which somebody waits for.
  private let reader = DispatchQueue(label: "weir.fleet-read")
  private let writer = DispatchQueue(label: "weir.fleet-write", qos: .utility)
  /// Replies that wait to be written; what is beyond the bound is not, since looks would wait behind it.
  private let waiting = InFlightBudget(maximumBytes: maximumWaiting)
  private let tokens = Atomic<UInt64>(0)
  /// Leases that are in use: the key of each by its token.
  private let leases = Mutex<[String: String]>([:])

  static let maximumWaiting = 16 << 20
  /// Values up to this size are read on the event loop: sending them elsewhere would cost more.
  private static let readAtOnce = 32 * 1024
  /// Bodies below this size are not worth compressing.
  private static let compressFrom = 1024
  /// Nobody waits for a value to be written.
  private static let writeDeadline = Duration.seconds(2)

  /// - Parameter memory: the first tier, which is emptied when the fleet's cache is.
  init(store: SharedStore, memory: ReplyCache, seal: ReplySeal?, metrics: FleetCacheMetrics) {
    self.store = store
    self.seal = seal
    self.metrics = metrics
    generation = FleetCacheGeneration(store: store, memory: memory)
  }

  /// How values are written and read under a configuration.
  func format(maximumBytes: Int, policy: CachePolicy) -> FleetReplyFormat {
    FleetReplyFormat(
      seal: seal, maximumBytes: maximumBytes, maximumBodyBytes: policy.maximumEntryBytes,
      compressFrom: policy.compressFrom)
  }

  /// Where the entry is; nil where the store cannot be asked now.
  func entry(for key: CacheKey, format: FleetReplyFormat) -> FleetEntry? {
    guard store.isUp(.bulk), let number = generation.current else { return nil }
    return FleetEntry(key: key, name: format.name(of: key), prefix: store.prefix, generation: number)
  }

  /// Whether the entry is of the generation that counts.
  func counts(_ entry: FleetEntry) -> Bool { generation.current == entry.generation }

  /// What a lease will be known by.
  func makeToken() -> String { "\(store.sidecar)-\(tokens.wrappingAdd(1, ordering: .relaxed).newValue)" }

  // MARK: Reading

  /// Looks for the entry, and takes the lease for it where there is none.
  ///
  /// - Parameters:
  ///   - token: nil takes no lease.
  ///   - completion: runs on the loop.
  func look(
    _ entry: FleetEntry, token: String?, format: FleetReplyFormat, on loop: any EventLoop,
    _ completion: @escaping @Sendable (FleetFinding) -> Void
  ) {
    let milliseconds = token == nil ? 0 : FleetCacheScripts.leaseMilliseconds
    store.run(
      FleetCacheScripts.look, keys: [entry.value, entry.lease],
      arguments: [token ?? "", "\(milliseconds)", "\(format.maximumBytes)"].map { Array($0.utf8) }, lane: .bulk
    ) { [self] result in
      guard case .success(.array(let parts)) = result, parts.count == 2, let value = parts[0].bytes,
        let remaining = parts[1].number
      else {
        let answer = Self.answer(result)
        loop.execute { completion(FleetFinding(answer: answer)) }
        return
      }
      guard value.count > Self.readAtOnce else {
        loop.execute { completion(self.read(value, remaining, entry, format)) }
        return
      }
      reader.async {
        let finding = self.read(value, remaining, entry, format)
        loop.execute { completion(finding) }
      }
    }
  }

  private static func answer(_ result: Result<StoreReply, StoreFailure>) -> FleetLookup.Answer {
    switch result {
    case .success(.integer(0)): .nothing
    case .success(.integer(1)): .lease
    case .success(.integer(2)): .held
    case .success, .failure: .failed
    }
  }

  private func read(
    _ value: [UInt8], _ remaining: Int64, _ entry: FleetEntry, _ format: FleetReplyFormat
  ) -> FleetFinding {
    do throws(FleetReplyFormat.Fault) {
      let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
      let read = try format.decode(value, for: entry.key, remainingMilliseconds: remaining, now: now)
      return FleetFinding(answer: .kept, read: read)
    } catch {
      metrics.count(.unreadable)
      return FleetFinding(answer: .nothing)
    }
  }

  // MARK: Writing

  /// Writes a reply, off the event loop, and ends the lease.
  ///
  /// - Parameters:
  ///   - token: nil where there is no lease of this entry.
  ///   - onCompressed: called off the event loop with what is written.
  /// - Returns: false where too much waits already; then it is not called.
  func put(
    _ reply: StoredReply, at entry: FleetEntry, timeToLiveSeconds: Int, format: FleetReplyFormat, token: String?,
    _ onCompressed: @escaping @Sendable (StoredReply) -> Void
  ) -> Bool {
    guard waiting.take(reply.heldBytes) else {
      metrics.count(.busy)
      end(token, of: entry, isFailure: true)
      return false
    }
    if let token { forget(token) }
    writer.async { [self] in
      let small = reply.bodyCount >= Self.compressFrom ? reply.compressed() : reply
      onCompressed(small)
      guard
        let value = format.encode(
          small, for: entry.key, timeToLiveSeconds: timeToLiveSeconds, nonce: makeNonce())
      else {
        waiting.give(reply.heldBytes)
        metrics.count(.unfit)
        end(token, of: entry, isFailure: true)
        return
      }
      let words = ["\(timeToLiveSeconds * 1000)", token ?? "", "\(FleetCacheScripts.failureMilliseconds)"]
      store.run(
        FleetCacheScripts.put, keys: [entry.value, entry.lease], arguments: [value] + words.map { Array($0.utf8) },
        deadline: Self.writeDeadline, lane: .bulk
      ) { [self] result in
        waiting.give(reply.heldBytes)
        metrics.count(result == .success(.integer(1)) ? .stored : .failed)
      }
    }
    return true
  }

  /// Of the system's generator, which nobody can guess.
  private func makeNonce() -> [UInt8] {
    guard seal != nil else { return [] }
    var generator = SystemRandomNumberGenerator()
    let (first, second) = (generator.next(), generator.next())
    return (0..<ReplySeal.nonceBytes).map { place in
      UInt8(truncatingIfNeeded: (place < 8 ? first : second) >> (8 * UInt64(place & 7)))
    }
  }

  // MARK: Leases

  /// The lease is extended until it ends.
  func keep(_ token: String, of entry: FleetEntry) { leases.withLock { $0[token] = entry.lease } }

  /// The request that had the lease brings no reply for it.
  ///
  /// - Parameter isFailure: others need not wait for the next that tries, and ask the upstream themselves.
  func end(_ token: String?, of entry: FleetEntry, isFailure: Bool) {
    guard let token else { return }
    forget(token)
    let milliseconds = isFailure ? FleetCacheScripts.failureMilliseconds : 0
    hold(entry.lease, token: token, milliseconds: milliseconds, becoming: "-")
  }

  private func forget(_ token: String) { leases.withLock { $0[token] = nil } }

  private func hold(_ lease: String, token: String, milliseconds: Int, becoming text: String) {
    guard store.isUp(.bulk) else { return }
    store.run(
      FleetCacheScripts.hold, keys: [lease], arguments: [token, "\(milliseconds)", text].map { Array($0.utf8) },
      lane: .bulk
    ) { _ in }
  }

  /// Once a second: extends the leases in use, and asks again for the generation where the last answer was lost.
  func tick() {
    generation.askAgain()
    for (token, lease) in leases.withLock({ $0 }) {
      hold(lease, token: token, milliseconds: FleetCacheScripts.leaseMilliseconds, becoming: token)
    }
  }

  /// Empties the cache of every sidecar, in memory and in the store; where the store is not there, when it is back.
  ///
  /// - Parameter pattern: only the models that fit go from memory; nil is all. What the store has goes whole.
  /// - Returns: whether the others hear of it now.
  func clear(_ pattern: String?) -> Bool { generation.clear(pattern) }
}
