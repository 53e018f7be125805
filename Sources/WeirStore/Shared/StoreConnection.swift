import Glibc

/// One connection to the store: made, greeted, probed, and made anew when it ends. I/O thread only.
final class StoreConnection {
  /// What a connection is for.
  enum Role: Equatable {
    case lane(StoreLane)
    /// Messages of channels.
    case news
  }

  enum Phase {
    case idle(until: UInt64)
    case resolving(String)
    case connecting(since: UInt64)
    case greeting(since: UInt64)
    case open
  }

  /// Whom the next reply is for.
  enum Awaited {
    case call(StoreCall)
    case greeting(Greeting)
    case probe
    /// Its caller waits no more.
    case nobody
  }

  enum Greeting { case authenticate, select }

  /// A second for each of: the connection, the greeting, the time between two probes.
  static let second: UInt64 = 1_000_000_000
  /// A store that sends nothing for so long, although something is asked of it, is given up.
  static let stall: UInt64 = 2 * second

  let role: Role
  let settings: StoreSettings
  unowned let loop: StoreLoop
  var phase = Phase.idle(until: 0)
  private var transport: StoreTransport?
  private var reader: StoreReader?
  var out: [UInt8] = []
  var sent = 0
  var awaited = StoreQueue<Awaited>()
  /// No call's deadline is before it.
  var nextDeadline = UInt64.max
  var health = StoreHealth()
  var backoff = StoreBackoff()
  var probe = Probe()
  var lastHeard: UInt64 = 0
  /// The node of a cluster that has the fleet's keys, as another has told; for the next connection only.
  var redirection: StoreSettings.Place?
  /// What the connection at hand is to.
  private var place: StoreSettings.Place
  /// Which of the addresses is next, so that one that does not answer is not the only one tried.
  private var attempt = 0

  /// The probe that is under way, or when the next is due.
  struct Probe {
    var due: UInt64 = 0
    var begun: UInt64 = 0
    /// Nil when none is under way.
    var deadline: UInt64?
    var isLate = false
    var isBySource = false
  }

  init(_ role: Role, _ settings: StoreSettings, loop: StoreLoop) {
    self.role = role
    self.settings = settings
    place = settings.place
    self.loop = loop
  }

  var isTaking: Bool { health.isTaking }

  var descriptor: CInt? { transport?.descriptor }

  /// What poll(2) is to wait for.
  var events: CInt {
    switch phase {
    case .idle, .resolving: 0
    case .connecting: POLLOUT
    case .greeting, .open: sent < out.count || transport?.hasPending == true ? POLLIN | POLLOUT : POLLIN
    }
  }

  /// When `turn` has something to do, at the latest.
  var wakeTime: UInt64 {
    switch phase {
    case .idle(let until): until
    case .resolving: .max
    case .connecting(let since), .greeting(let since): since + Self.second
    case .open:
      min(nextDeadline, awaited.isEmpty ? .max : lastHeard + Self.stall, probe.wakeTime)
    }
  }

  // MARK: Making it

  /// Does what the time has come for.
  func turn(_ now: UInt64) {
    switch phase {
    case .idle(let until) where now >= until: begin(now)
    case .connecting(let since) where now >= since + Self.second:
      fail(StoreTrouble("no connection within a second"), now)
    case .greeting(let since) where now >= since + Self.second:
      fail(StoreTrouble("it does not answer" + (transport?.hint ?? "")), now)
    case .open:
      expire(now)
      if !awaited.isEmpty, now >= lastHeard + Self.stall {
        fail(StoreTrouble("it has not answered for 2 seconds" + (transport?.hint ?? "")), now)
      } else {
        probeIfDue(now)
      }
    case .idle, .resolving, .connecting, .greeting: break
    }
  }

  private func begin(_ now: UInt64) {
    place = redirection ?? settings.place
    redirection = nil
    switch place {
    case .socket(let path):
      guard let address = StoreAddress(path: path) else {
        return fail(StoreTrouble("its socket's path is too long"), now)
      }
      connect(.success([address]), now)
    case .network(let host, let port):
      let name = "\(host):\(port)"
      phase = .resolving(name)
      loop.resolve(name, host, port)
    }
  }

  /// The name's addresses, where they were waited for.
  func connect(_ addresses: Result<[StoreAddress], StoreTrouble>, _ now: UInt64) {
    do throws(StoreTrouble) {
      let addresses = try addresses.get()
      guard !addresses.isEmpty else { throw StoreTrouble("its name has no address") }
      defer { attempt &+= 1 }
      let security = try loop.security(for: place)
      transport = StoreTransport(try StoreSocket(to: addresses[attempt % addresses.count]), security)
      reader = StoreReader()
      phase = .connecting(since: now)
    } catch {
      fail(error, now)
    }
  }

  /// Sends who weir is; without anything to say the connection is open at once.
  private func greet(_ now: UInt64) {
    phase = .greeting(since: now)
    if let password = settings.password {
      let words = ["AUTH"] + (settings.user.map { [$0] } ?? []) + [password]
      ask(StoreWire.command(words.map { Array($0.utf8) }), .greeting(.authenticate), now)
    }
    if settings.database != 0 {
      ask(StoreWire.command("SELECT", "\(settings.database)"), .greeting(.select), now)
    }
    if awaited.isEmpty { open(now) }
  }

  func open(_ now: UInt64) {
    phase = .open
    probe = Probe(due: now)
    if role == .news { loop.subscribe(on: self, now) }
    probeIfDue(now)
  }

  /// Ends the connection; whoever waits for it is told.
  func fail(_ trouble: StoreTrouble, _ now: UInt64, _ failure: StoreFailure = .broken) {
    if role == .lane(.decisions), probe.deadline != nil { loop.missedBeat() }
    if transport?.hasFailed == true { loop.forgetAuthorities() }
    transport = nil
    reader = nil
    out = []
    sent = 0
    nextDeadline = .max
    phase = .idle(until: now + backoff.next(random: Double.random(in: 0..<1)))
    let calls = awaited
    awaited = StoreQueue()
    let isNews = health.failed()
    loop.changed(role, isTaking: false, isNews: isNews, trouble.reason)
    calls.forEach { if case .call(let call) = $0 { loop.finish(call, .failure(failure)) } }
  }

  // MARK: The socket

  func handle(_ revents: CInt, _ now: UInt64) {
    guard revents != 0 else { return }
    if case .connecting = phase {
      if let trouble = transport?.connected() { return fail(trouble, now) }
      lastHeard = now
      return greet(now)
    }
    if revents & (POLLIN | POLLHUP | POLLERR) != 0 { receive(now) }
  }

  /// Puts a command in line, and what its reply is for.
  func ask(_ bytes: [UInt8], _ whom: Awaited, _ now: UInt64) {
    if awaited.isEmpty { lastHeard = now }
    out.append(contentsOf: bytes)
    awaited.append(whom)
  }

  /// Writes everything that waits, as far as the socket takes it.
  func flush(_ now: UInt64) {
    guard let transport else { return }
    if case .ended(let reason) = transport.drain() { return fail(StoreTrouble(reason), now) }
    while sent < out.count {
      switch transport.send(out[sent...]) {
      case .bytes(let count): sent += count
      case .wouldBlock: return dropSent()
      case .ended(let reason): return fail(StoreTrouble(reason), now)
      }
    }
    guard sent > 0 else { return }
    sent = 0
    out.removeAll(keepingCapacity: out.capacity <= 65_536)
  }

  /// A socket that is always behind must not keep what it has taken.
  private func dropSent() {
    guard sent >= 1 << 20 else { return }
    out.removeFirst(sent)
    sent = 0
  }

  private func receive(_ now: UInt64) {
    // As much again waits for the next turn, so that no connection keeps the others waiting.
    for _ in 0..<16 {
      guard let transport, let reader else { return }
      switch unsafe transport.receive(into: loop.room) {
      case .bytes(let count):
        lastHeard = now
        unsafe reader.feed(UnsafeRawBufferPointer(rebasing: loop.room[..<count]))
        guard takeReplies(now) else { return }
      case .wouldBlock: return
      case .ended(let reason): return fail(StoreTrouble(reason), now)
      }
    }
  }

  /// False when the connection is over.
  private func takeReplies(_ now: UInt64) -> Bool {
    while let reader {
      do throws(StoreFailure) {
        guard let reply = try reader.next() else { return true }
        answer(reply, now)
      } catch {
        let reason =
          error == .tooLarge
          ? "its answer is larger than 16 MB, or of more than 16,384 values" : "its answer is not one of Redis"
        fail(StoreTrouble(reason), now, error)
      }
    }
    return false
  }
}

extension StoreConnection.Probe {
  var wakeTime: UInt64 {
    guard let deadline else { return due }
    return isLate ? .max : deadline
  }
}
