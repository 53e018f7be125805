import CWeirCurl
public import NIOCore

/// One event loop's upstream side: a libcurl multi handle, the poller of its sockets, and the transfers on it; beside them
/// `DirectEngine`, for all upstreams that no forward proxy stands before. Every method must be called on that event loop.
@safe public final class UpstreamEngine {
  let eventLoop: any EventLoop
  let settings: EngineSettings
  let allocator = ByteBufferAllocator()
  /// The time of the batch at hand in nanoseconds; reading the clock per chunk would cost more than the chunk.
  private(set) var batchTime: Int64 = 0

  private let multi: UnsafeMutableRawPointer
  let sessions: SessionStore
  let poller: SocketPoller
  private let waker: EpollWaker
  var addresses = RecentTexts<ParsedAddress>()
  /// Nil where libcurl does it all.
  private let direct: DirectEngine?
  private var live = IndexedList<CurlTransfer>()
  private var touched: [CurlTransfer] = []
  /// The memory of the last batch.
  private var flushed: [CurlTransfer] = []
  private var deferred: [CurlTransfer] = []
  private var timer = EngineTimer()
  private var isInsideCurl = false
  private var isPumping = false
  private let sweep: DeadlineSweep
  private var isShutDown = false

  /// libcurl's own timers fire in bounded runs, so that a transfer that keeps asking cannot starve the event loop.
  private static let maximumTimerRuns = 32

  /// Must be called on `eventLoop`.
  public init(eventLoop: any EventLoop, settings: EngineSettings) throws {
    eventLoop.preconditionInEventLoop()
    self.eventLoop = eventLoop
    self.settings = settings
    guard let multi = unsafe curl_multi_init() else { throw EngineError(description: "libcurl has no memory") }
    unsafe self.multi = multi
    guard let sessions = SessionStore() else { throw EngineError(description: "libcurl has no memory") }
    self.sessions = sessions
    poller = try SocketPoller()
    let woken = Weak()
    let bound = NIOLoopBound(woken, eventLoop: eventLoop)
    waker = try EpollWaker(watching: poller.descriptor, eventLoop: eventLoop) {
      bound.value.engine?.handleReadySockets()
    }
    sweep = DeadlineSweep(on: eventLoop) { woken.engine?.checkDeadlines() ?? false }
    let asksItself = settings.speaksDirectly || settings.securesDirectly
    direct = asksItself ? DirectEngine(eventLoop: eventLoop, settings: settings) : nil
    unsafe weir_multi_set_long(multi, CURLMOPT_MAXCONNECTS, settings.keptConnections)
    woken.engine = self
    setUpCallbacks()
  }

  /// Lets the kernel wake an engine's event loop, where it can: until then a thread does. Not to be called on an event
  /// loop.
  public static func wakeByKernel(_ engine: NIOLoopBound<UpstreamEngine>) async throws {
    let waker = try await engine.eventLoop.submit {
      NIOLoopBound(engine.value.waker, eventLoop: engine.eventLoop)
    }.get()
    try await EpollWaker.useAlarm(waker)
  }

  deinit {
    // The callbacks' context is this object, which is no longer there to be called.
    unsafe weir_multi_set_socket_function(multi, nil, nil)
    unsafe weir_multi_set_timer_function(multi, nil, nil)
    unsafe curl_multi_cleanup(multi)
  }

  /// A transfer to fill and begin, for this URL; nil when libcurl has no memory for one.
  public func prepare(for url: String) -> (any Transfer)? {
    eventLoop.preconditionInEventLoop()
    if let transfer = direct?.prepare(for: url) { return transfer }
    return CurlTransfer(engine: self)
  }

  /// Transfers between begin and end.
  public var liveCount: Int { live.count + (direct?.liveCount ?? 0) }

  /// Ends every transfer without a word to its receiver, and what watches the sockets. Nothing may be begun afterwards.
  public func shutDown() {
    eventLoop.preconditionInEventLoop()
    guard !isShutDown else { return }
    isShutDown = true
    sweep.cancel()
    direct?.shutDown()
    timer.cancel()
    for transfer in live.members { transfer.cancel() }
    waker.stop()
  }

  func now() -> Int64 {
    batchTime = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    return batchTime
  }

  // MARK: Transfers

  func add(_ transfer: CurlTransfer, sweepInterval: Int64) {
    live.add(transfer)
    let code = enterCurl { unsafe curl_multi_add_handle(multi, transfer.handle.pointer) }
    guard code == CURLM_OK, !isShutDown else {
      transfer.abort = TransferFailure(kind: .local, reason: "libcurl refused the request")
      eventLoop.assumeIsolated().execute { self.finish(transfer, result: CURLE_FAILED_INIT) }
      return
    }
    sweep.start(interval: sweepInterval)
    pump()
  }

  func touch(_ transfer: CurlTransfer) {
    guard !transfer.isTouched else { return }
    transfer.isTouched = true
    touched.append(transfer)
  }

  func cancelled(_ transfer: CurlTransfer) {
    if isInsideCurl {
      deferred.append(transfer)
    } else {
      discard(transfer)
    }
  }

  func resume(_ transfer: CurlTransfer) {
    if isInsideCurl {
      deferred.append(transfer)
    } else {
      enterCurl { transfer.applyPause() }
      pump()
    }
  }

  /// Takes a transfer out of libcurl; its handle is freed and not used again.
  private func discard(_ transfer: CurlTransfer) {
    guard remove(transfer) else { return }
    transfer.rest()
    // libcurl may have moved its timer to another transfer's, or let one go that waited for this one.
    if timer.isDueNow, !isPumping { eventLoop.assumeIsolated().execute { self.pump() } }
    armTimer()
  }

  private func remove(_ transfer: CurlTransfer) -> Bool {
    guard live.remove(transfer) else { return false }
    enterCurl { _ = unsafe curl_multi_remove_handle(multi, transfer.handle.pointer) }
    return true
  }

  private func finish(_ transfer: CurlTransfer, result: CURLcode) {
    let outcome = transfer.outcome(of: result)
    let receiver = transfer.receiver
    guard remove(transfer) else { return }
    transfer.rest()
    receiver?.transferEnded(outcome)
  }

  // MARK: Driving libcurl

  /// Runs what libcurl has to do now, reports what ended, then lets receivers flush.
  private func pump() {
    guard !isPumping, !isInsideCurl else { return }
    isPumping = true
    settle()
    var runs = 0
    while timer.isDueNow, runs < Self.maximumTimerRuns {
      timer.isDueNow = false
      runs += 1
      act(on: CURL_SOCKET_TIMEOUT, readiness: 0)
      // After every run, so that a receiver whose client is slow can hold its transfer before libcurl reads on.
      settle()
    }
    isPumping = false
    if timer.isDueNow || !deferred.isEmpty {
      eventLoop.assumeIsolated().execute { self.pump() }
    }
    armTimer()
  }

  private func settle() {
    settleDeferred()
    reportFinished()
    flushTouched()
    settleDeferred()
  }

  private func handleReadySockets() {
    guard !isShutDown else { return }
    _ = now()
    poller.forEachReady { socket, readiness in act(on: socket, readiness: readiness) }
    pump()
    waker.arm()
  }

  private func act(on socket: CInt, readiness: CInt) {
    var running: CInt = 0
    _ = enterCurl { unsafe curl_multi_socket_action(multi, socket, readiness, &running) }
  }

  private func enterCurl<Result>(_ body: () -> Result) -> Result {
    let wasInside = isInsideCurl
    isInsideCurl = true
    defer { isInsideCurl = wasInside }
    return body()
  }

  /// Carries out what receivers asked for while libcurl was running.
  private func settleDeferred() {
    while let transfer = deferred.popLast() {
      guard transfer.listIndex != nil else { continue }
      if transfer.isCancelled {
        discard(transfer)
      } else {
        enterCurl { transfer.applyPause() }
      }
    }
  }

  private func reportFinished() {
    var finished = unsafe weir_finished()
    while unsafe weir_multi_next_finished(multi, &finished) {
      var context: UnsafeMutableRawPointer?
      _ = unsafe weir_easy_get_pointer(finished.easy, CURLINFO_PRIVATE, &context)
      guard let transfer = unsafe CurlTransfer.from(context) else { continue }
      unsafe finish(transfer, result: finished.result)
    }
  }

  private func flushTouched() {
    guard !touched.isEmpty else { return }
    // In turns, so that no batch needs a list of its own.
    var batch = flushed
    flushed = []
    swap(&batch, &touched)
    for transfer in batch where transfer.isTouched {
      transfer.isTouched = false
      transfer.receiver?.transferBatchEnded()
    }
    batch.removeAll(keepingCapacity: true)
    flushed = batch
  }

  // MARK: Time

  private func armTimer() {
    guard timer.wantsTask else { return }
    timer.arm(on: eventLoop, now: batchTime) { [weak self] in
      guard let self, !self.isShutDown else { return }
      _ = self.now()
      self.timer.fired(now: self.batchTime)
      self.pump()
    }
  }

  /// Whether there is another deadline.
  private func checkDeadlines() -> Bool {
    let now = now()
    for transfer in live.members {
      guard !transfer.isCancelled, let failure = transfer.clock.due(now: now) else { continue }
      transfer.abort = failure
      finish(transfer, result: CURLE_OPERATION_TIMEDOUT)
    }
    pump()
    return live.count > 0 && !isShutDown
  }

  // MARK: Callbacks

  private func setUpCallbacks() {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe weir_multi_set_socket_function(
      multi,
      { _, socket, what, context, _ in
        guard let context = unsafe context else { return 0 }
        unsafe Unmanaged<UpstreamEngine>.fromOpaque(context).takeUnretainedValue().follow(socket, what: what)
        return 0
      }, context)
    unsafe weir_multi_set_timer_function(
      multi,
      { _, milliseconds, context in
        guard let context = unsafe context else { return 0 }
        unsafe Unmanaged<UpstreamEngine>.fromOpaque(context).takeUnretainedValue().wants(milliseconds)
        return 0
      }, context)
  }

  private func follow(_ socket: CInt, what: CInt) {
    if what == CURL_POLL_REMOVE {
      poller.forget(socket)
    } else {
      poller.watch(socket, read: what & CURL_POLL_IN != 0, write: what & CURL_POLL_OUT != 0)
    }
  }

  private func wants(_ milliseconds: Int) {
    timer.request(milliseconds: milliseconds, now: batchTime)
  }

  /// What the waker's closure holds, so that a forgotten engine does not live on in it.
  private final class Weak {
    weak var engine: UpstreamEngine?
  }
}
