extension StoreConnection {
  // MARK: Calls

  /// Takes a call; the caller has seen that the connection takes calls.
  func send(_ call: StoreCall, _ now: UInt64) {
    if awaited.isEmpty { lastHeard = now }
    call.write(to: &out)
    awaited.append(.call(call))
    nextDeadline = min(nextDeadline, call.deadline)
  }

  /// Tells callers whose time is over. The reply, when it comes, is for nobody.
  func expire(_ now: UInt64) {
    if let deadline = probe.deadline, !probe.isLate, now >= deadline {
      probe.isLate = true
      noteLate()
    }
    guard now >= nextDeadline else { return }
    var next = UInt64.max
    var late: [StoreCall] = []
    awaited.update { entry in
      guard case .call(let call) = entry else { return }
      if call.deadline <= now {
        late.append(call)
        entry = .nobody
      } else {
        next = min(next, call.deadline)
      }
    }
    nextDeadline = next
    for call in late {
      noteLate()
      loop.finish(call, .failure(.late))
    }
  }

  private func noteLate() {
    guard health.late() else { return }
    // Until a probe is answered in time.
    if probe.deadline == nil { probe.due = StoreClock.now() + backoff.next(random: Double.random(in: 0..<1)) }
    loop.changed(role, isTaking: false, isNews: true, "its answers take longer than \(settings.deadline)")
  }

  // MARK: Replies

  func answer(_ reply: StoreReply, _ now: UInt64) {
    if role == .news, case .open = phase { return hear(reply, now) }
    guard let whom = awaited.popFirst() else { return fail(StoreTrouble("it answers what was not asked"), now) }
    switch whom {
    case .nobody: break
    case .probe: endProbe(reply, now)
    case .greeting(let step): greeted(step, reply, now)
    case .call(var call):
      guard case .error(let text) = reply else {
        health.answered()
        return loop.finish(call, .success(reply))
      }
      if StoreTrouble.isUnknownScript(text), call.script != nil, !call.isBySource {
        call.isBySource = true
        return send(call, now)
      }
      loop.finish(call, .failure(.refused(text)))
      if StoreTrouble.concernsAll(text) { fail(StoreTrouble(answer: text), now) } else { health.answered() }
    }
  }

  private func greeted(_ step: Greeting, _ reply: StoreReply, _ now: UInt64) {
    guard case .error(let text) = reply else {
      if awaited.isEmpty { open(now) }
      return
    }
    let code = StoreTrouble.code(of: text)
    switch step {
    case .authenticate where code == "ERR":
      fail(StoreTrouble("AUTH failed: it knows no password, or not this user; see WEIR_REDIS_URL"), now)
    case .select where code == "ERR":
      fail(StoreTrouble("SELECT failed: it has no database \(settings.database)"), now)
    case .authenticate, .select: fail(StoreTrouble(answer: text), now)
    }
  }

  // MARK: Probes

  func probeIfDue(_ now: UInt64) {
    guard probe.deadline == nil, now >= probe.due else { return }
    let patience = role == .lane(.decisions) ? settings.deadline.storeNanoseconds : Self.second
    probe.begun = now
    probe.deadline = now + patience
    probe.isLate = false
    probe.isBySource = false
    sendProbe(now)
  }

  private func sendProbe(_ now: UInt64) {
    switch role {
    case .lane(.decisions): ask(loop.heartbeat(isBySource: probe.isBySource), .probe, now)
    case .lane(.bulk), .news: ask(StoreWire.command("PING"), .probe, now)
    }
  }

  private func endProbe(_ reply: StoreReply, _ now: UInt64) {
    if case .error(let text) = reply {
      if StoreTrouble.isUnknownScript(text), !probe.isBySource {
        probe.isBySource = true
        return sendProbe(now)
      }
      redirection = StoreTrouble.place(movedTo: text, from: settings.place)
      return fail(StoreTrouble(answer: text), now)
    }
    // What the heartbeat brings is known before anybody uses the store again.
    guard role != .lane(.decisions) || loop.beat(reply, after: now &- probe.begun) else {
      return fail(StoreTrouble("its answer is not one of Redis"), now)
    }
    let isLate = probe.isLate
    probe.deadline = nil
    guard !isLate else {
      // The next is sooner where calls wait for it.
      probe.due = now + (isTaking ? Self.second : backoff.next(random: Double.random(in: 0..<1)))
      loop.changed(role, isTaking: isTaking, isNews: false, "its answers take longer than \(settings.deadline)")
      return
    }
    probe.due = now + Self.second
    let isNews = health.passed()
    // Only once it has stood for a second: a store that is full now and then answers each first probe, and would be asked
    // anew ten times a second, with two lines in the log each time.
    if !isNews { backoff.reset() }
    loop.changed(role, isTaking: true, isNews: isNews, "")
  }

  // MARK: Messages

  /// Replies of a connection with subscriptions are messages, confirmations and pongs, as they come.
  private func hear(_ reply: StoreReply, _ now: UInt64) {
    if case .error(let text) = reply { return fail(StoreTrouble(answer: text), now) }
    guard case .array(let parts) = reply, let kind = parts.first?.bytes else { return heardPong(now) }
    switch String(decoding: kind, as: UTF8.self) {
    case "message":
      guard parts.count == 3, let channel = parts[1].bytes, let message = parts[2].bytes else { return }
      loop.heard(message, on: String(decoding: channel, as: UTF8.self))
    case "subscribe":
      guard parts.count == 3, let channel = parts[1].bytes else { return }
      loop.subscribed(String(decoding: channel, as: UTF8.self))
    case "pong": heardPong(now)
    default: break
    }
  }

  private func heardPong(_ now: UInt64) {
    guard case .probe? = awaited.popFirst() else { return }
    endProbe(.status("PONG"), now)
  }
}
