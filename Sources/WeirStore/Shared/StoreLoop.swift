import CWeirHiredis
import Glibc
import NIOSSL
import Synchronization
import WeirThreads

/// The I/O thread: waits for its connections and for mail, and does what the time has come for. All but `start` on it.
@safe final class StoreLoop {
  private static let roomSize = 65_536
  /// What there is a connection for.
  static let roles: [StoreConnection.Role] = [.lane(.decisions), .lane(.bulk), .news]

  let store: SharedStore
  /// Where sockets are read into.
  let room = UnsafeMutableRawBufferPointer.allocate(byteCount: roomSize, alignment: 16)
  private var connections: [StoreConnection] = []
  private var channels: [String] = []
  /// Names that are being looked up, and who waits for them.
  private var resolving: [String] = []
  private var versions: [String: Int64] = [:]
  private var wasUp: Bool?
  /// A heartbeat's answer was lost with its connection: it may have been the one that said that this sidecar is new.
  private var mayHaveJoined = false
  /// Read for TLS.
  private var authorities: NIOSSLContext?
  private let beatWords: [UInt8]
  private let beatScript = StoreScript(.heartbeat, FleetHeartbeat.source)
  private let leaveScript = StoreScript(.heartbeat, FleetHeartbeat.leaveSource)

  private init(_ store: SharedStore) {
    self.store = store
    let members = store.fleetKey("members")
    beatWords = StoreWire.words(["1", members, store.fleetBase, store.sidecar].map { Array($0.utf8) })
  }

  deinit { unsafe room.deallocate() }

  static func start(_ store: SharedStore) throws(StoreStartError) {
    do throws(ThreadStartError) {
      try NamedThread.start("weir-store") { StoreLoop(store).run() }
    } catch {
      throw StoreStartError(description: error.description)
    }
  }

  // MARK: The loop

  private func run() {
    connections = Self.roles.map { StoreConnection($0, store.settings, loop: self) }
    while takeMail() { turn(until: .max) }
    leave()
    for connection in connections { connection.fail(StoreTrouble("weir ends"), StoreClock.now(), .down) }
    connections = []
    for (_, call) in store.mailbox.closeAndTake().calls { finish(call, .failure(.down)) }
    store.mailbox.tellEnd()
  }

  /// False when the thread is to end.
  private func takeMail() -> Bool {
    let mail = store.mailbox.take()
    let now = StoreClock.now()
    for channel in mail.channels where !channels.contains(channel) {
      channels.append(channel)
      for connection in connections where connection.role == .news {
        if case .open = connection.phase { subscribe(channel, on: connection, now) }
      }
    }
    for (name, addresses) in mail.addresses {
      resolving.removeAll { $0 == name }
      for connection in connections {
        if case .resolving(let waiting) = connection.phase, waiting == name { connection.connect(addresses, now) }
      }
    }
    for (lane, call) in mail.calls {
      guard let connection = connections.first(where: { $0.role == .lane(lane) }), connection.isTaking else {
        finish(call, .failure(.down))
        continue
      }
      connection.send(call, now)
    }
    return !mail.isStopping
  }

  private func turn(until limit: UInt64) {
    var now = StoreClock.now()
    for connection in connections {
      connection.turn(now)
      connection.flush(now)
    }
    var entries = [pollfd(fd: store.mailbox.descriptor, events: Int16(POLLIN), revents: 0)]
    for connection in connections {
      entries.append(
        pollfd(fd: connection.descriptor ?? -1, events: Int16(truncatingIfNeeded: connection.events), revents: 0))
    }
    let wakeTime = connections.reduce(limit) { min($0, $1.wakeTime) }
    let wait = wakeTime > now ? min((wakeTime - now + 999_999) / 1_000_000, 60_000) : 0
    _ = unsafe poll(&entries, nfds_t(entries.count), CInt(clamping: wait))
    now = StoreClock.now()
    for (connection, entry) in zip(connections, entries.dropFirst()) {
      connection.handle(CInt(entry.revents), now)
      connection.flush(now)
    }
  }

  /// Says that this sidecar holds nothing any more, where the store is there to hear it.
  private func leave() {
    let found = connections.first { $0.role == .lane(.decisions) }
    guard let connection = found, connection.isTaking else { return }
    let now = StoreClock.now()
    let words = StoreWire.words(
      ["1", store.fleetKey("members"), store.fleetBase, store.sidecar].map { Array($0.utf8) })
    let limit = now + 100_000_000
    let state = StoreFlag()
    connection.send(
      StoreCall(
        operation: .heartbeat, script: leaveScript, wordCount: 6, words: words, begun: now, deadline: limit,
        completion: { _ in state.set() }), now)
    while !state.isSet, StoreClock.now() < limit, connection.isTaking { turn(until: limit) }
  }

  // MARK: For connections

  /// In a thread of its own: a resolver that waits for its server must not stop deadlines.
  func resolve(_ name: String, _ host: String, _ port: Int) {
    guard !resolving.contains(name) else { return }
    resolving.append(name)
    let mailbox = store.mailbox
    let work: @Sendable () -> Void = {
      let addresses = Result { () throws(StoreTrouble) in try StoreAddress.resolve(host: host, port: port) }
      mailbox.post { $0.addresses.append((name, addresses)) }
    }
    // Without a thread to be had it is done on this one.
    do { try NamedThread.start("weir-resolver", work) } catch { work() }
  }

  /// Nil where no TLS is spoken. The authorities are read once, and again after a connection that TLS has ended: the file
  /// may have been changed.
  func security(for place: StoreSettings.Place) throws(StoreTrouble) -> StoreTransport.Security? {
    guard case .network(let host, let port) = place, let trust = store.settings.trust else { return nil }
    let context = if let authorities { authorities } else { try StoreTLS.context(trusting: trust.file) }
    authorities = context
    return StoreTransport.Security(context: context, host: host, port: port)
  }

  func forgetAuthorities() { authorities = nil }

  func finish(_ call: StoreCall, _ result: Result<StoreReply, StoreFailure>) {
    store.forget(call)
    let failure: StoreFailure? = if case .failure(let failure) = result { failure } else { nil }
    let seconds = Double(StoreClock.now() &- call.begun) / 1_000_000_000
    store.observer.finished(call.operation, after: seconds, failure: failure)
    call.completion(result)
  }

  func changed(_ role: StoreConnection.Role, isTaking: Bool, isNews: Bool, _ reason: String) {
    switch role {
    case .news: return
    case .lane(.bulk): store.bulkUp.store(isTaking, ordering: .relaxed)
    case .lane(.decisions):
      store.decisionsUp.store(isTaking, ordering: .relaxed)
      store.note(isTaking ? "" : reason)
      // The first word is news, whatever it is.
      guard isNews || wasUp == nil else { return }
      wasUp = isTaking
      store.observer.changed(isUp: isTaking, reason: reason)
      for body in store.listeners.withLock({ $0.changes }) { body(isTaking) }
    }
  }

  // MARK: The fleet

  func heartbeat(isBySource: Bool) -> [UInt8] {
    StoreWire.head(count: 6) + (isBySource ? beatScript.bySource : beatScript.byDigest) + beatWords
  }

  /// The connection ended before the answer to a heartbeat.
  func missedBeat() { mayHaveJoined = true }

  /// False for what is no answer to a heartbeat.
  func beat(_ reply: StoreReply, after nanoseconds: UInt64) -> Bool {
    guard let news = FleetNews(reply) else { return false }
    store.observer.finished(.heartbeat, after: Double(nanoseconds) / 1_000_000_000, failure: nil)
    store.sidecars.store(news.sidecars, ordering: .relaxed)
    let hasJoined = news.isNew || mayHaveJoined
    mayHaveJoined = false
    if hasJoined { for body in store.listeners.withLock({ $0.joins }) { body() } }
    for (name, version) in news.versions where versions[name] != version {
      versions[name] = version
      for body in store.listeners.withLock({ $0.versions[name] ?? [] }) { body(version) }
    }
    return true
  }

  // MARK: Channels

  func subscribe(on connection: StoreConnection, _ now: UInt64) {
    for channel in channels { subscribe(channel, on: connection, now) }
  }

  private func subscribe(_ channel: String, on connection: StoreConnection, _ now: UInt64) {
    connection.out.append(contentsOf: StoreWire.command("SUBSCRIBE", channel))
  }

  func subscribed(_ channel: String) {
    for listener in store.listeners.withLock({ $0.channels[channel] ?? [] }) { listener.reconnect() }
  }

  func heard(_ message: [UInt8], on channel: String) {
    for listener in store.listeners.withLock({ $0.channels[channel] ?? [] }) { listener.message(message) }
  }
}

/// Set once.
private final class StoreFlag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
