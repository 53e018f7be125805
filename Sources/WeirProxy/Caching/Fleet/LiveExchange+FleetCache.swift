import NIOCore
import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

// What a request that the process's own cache had nothing for does with the fleet's.
extension LiveExchange {
  /// Whether the fleet's cache is asked; the request goes on when that has answered. Costs one branch where there is none.
  ///
  /// - Parameter mayLead: others may wait for this request's reply, and it for theirs.
  func asksFleet(_ key: CacheKey, _ use: CacheUse, mayLead: Bool) -> Bool {
    guard let fleet = loop.state.fleetCache, use.mayRead, snapshot.configuration.sharedState.sharesCache,
      let entry = fleet.entry(for: key, format: fleetFormat(fleet))
    else { return false }
    fleetErrand = FleetErrand(
      entry: entry, use: use,
      lookup: FleetLookup(patience: mayLead ? patience : 0, now: loop.now),
      token: mayLead ? fleet.makeToken() : nil)
    askFleet()
    return true
  }

  /// No longer than the upstream itself may take.
  private var patience: Int64 {
    let longest = exchange.isStream ? FleetLookup.streamPatience : FleetLookup.patience
    guard let target = exchange.plan.targets.first else { return longest }
    return min(longest, snapshot.upstreams[target.upstream].timeouts.total)
  }

  private func fleetFormat(_ fleet: FleetCache) -> FleetReplyFormat {
    fleet.format(
      maximumBytes: snapshot.configuration.sharedState.maximumCacheEntryBytes, policy: snapshot.policy.cache)
  }

  private func askFleet() {
    guard let fleet = loop.state.fleetCache, let errand = fleetErrand, !isOver else { return }
    // Held until the answer: a client that has left holds it no longer, and others may follow it.
    loop.awaitingStore[ObjectIdentifier(self)] = self
    let bound = NIOLoopBound(Weak(self), eventLoop: loop.eventLoop)
    fleet.look(errand.entry, token: errand.token, format: fleetFormat(fleet), on: loop.eventLoop) {
      bound.value.exchange?.fleetAnswered($0)
    }
  }

  private func fleetAnswered(_ finding: FleetFinding) {
    loop.awaitingStore[ObjectIdentifier(self)] = nil
    guard !isOver, let fleet = loop.state.fleetCache, let errand = fleetErrand else { return }
    var answer = finding.answer
    if let read = finding.read, read.reply.age(now: loop.now) > errand.use.maximumAgeSeconds {
      fleet.metrics.count(.tooOld)
      answer = .nothing
    }
    let hadWaited = errand.lookup.hasWaited
    switch (errand.lookup.next(answer, now: loop.now, random: loop.random()), finding.read) {
    case (.wait(let nanoseconds), _):
      backOff = loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds)) {
        self.backOff = nil
        self.askFleet()
      }
    case (.answer, let read?):
      fleet.metrics.count(hadWaited ? .waited : .hit)
      errand.token = nil
      take(read, errand)
    case (let step, _):
      count(answer, step, fleet)
      // An answer that was late may have given the lease.
      if step == .lead || answer == .failed, let token = errand.token {
        fleet.keep(token, of: errand.entry)
      } else {
        errand.token = nil
      }
      proceed(errand.use)
    }
  }

  private func count(_ answer: FleetLookup.Answer, _ step: FleetLookup.Step, _ fleet: FleetCache) {
    switch (step, answer) {
    case (.proceed, .held): fleet.metrics.count(.gaveUp)
    case (.lead, _), (.proceed, .nothing): fleet.metrics.count(.miss)
    default: break
    }
  }

  private func proceed(_ use: CacheUse) {
    if use.onlyIfCached { refuse(LookUpCache.notKept) } else { attempt(from: 0) }
  }

  /// A reply of the fleet's is kept here too, and goes to all that follow this request.
  private func take(_ read: FleetReplyFormat.Read, _ errand: FleetErrand) {
    let reply = read.reply
    // One that was asked for before the cache was emptied is not there afterwards.
    if loop.state.fleetCache?.counts(errand.entry) == true {
      loop.state.shared.cache.keep(
        reply, for: errand.entry.key, timeToLiveSeconds: read.timeToLiveSeconds, now: loop.now)
    }
    if let leader {
      self.leader = nil
      share(reply, leader)
    }
    guard let detached else { return answer(reply, now: loop.now) }
    finish(.clientLeft(detached))
  }

  private func share(_ reply: StoredReply, _ leader: Leader) {
    guard let body = reply.bodyBytes() else { return }
    let description = reply.description
    leader.begin(
      SharedHead(
        status: description.status, lines: reply.head, isEventStream: description.isEventStream,
        contentLength: body.count, contentEncoding: description.contentEncoding, model: description.model,
        upstream: description.upstream, edits: description.edits))
    leader.append(ByteBuffer(bytes: body))
    leader.end(.complete)
  }

  /// A reply that the process keeps is for the fleet too, where there is one: false where there is none.
  ///
  /// - Parameter isLarge: memory holds it compressed too, so it takes what is made small for the store.
  func keepsInFleet(_ reply: StoredReply, for key: CacheKey, _ use: CacheUse, isLarge: Bool) -> Bool {
    guard let fleet = loop.state.fleetCache, snapshot.configuration.sharedState.sharesCache else { return false }
    let format = fleetFormat(fleet)
    guard let entry = fleet.entry(for: key, format: format) else { return false }
    var token: String?
    if let errand = fleetErrand, errand.entry.value == entry.value {
      token = errand.token
      errand.token = nil
    }
    let (memory, now, seconds) = (loop.state.shared.cache, loop.now, use.timeToLiveSeconds)
    return fleet.put(reply, at: entry, timeToLiveSeconds: seconds, format: format, token: token) { compressed in
      guard isLarge, compressed.isHeldCompressed else { return }
      memory.keep(compressed, for: key, timeToLiveSeconds: seconds, now: now)
    }
  }

  /// The request is over: a lease that its reply did not end goes back.
  func endErrand(_ ending: Ending) {
    guard let errand = fleetErrand else { return }
    fleetErrand = nil
    loop.awaitingStore[ObjectIdentifier(self)] = nil
    let isFailure = if case .clientLeft = ending { false } else { true }
    loop.state.fleetCache?.end(errand.token, of: errand.entry, isFailure: isFailure)
  }
}
