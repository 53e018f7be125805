import NIOCore
import NIOHTTP1

/// One request and its reply on a connection. Belongs to the connection's event loop.
struct Exchange {
  /// Where a request's faults come from; those that depend on its model are known when the body is.
  private enum FaultOrders {
    case none
    /// The header `x-sim-fault`, which the process-wide faults leave alone.
    case own([Fault])
    case drawn(DrawnFaults)
  }

  var request: Request
  /// Nil for `/_sim`, which is not recorded.
  let record: RecordedRequest?
  private(set) var script: ReplyScript?
  var hasWholeRequest = false
  private(set) var hasReplied = false
  private let form: ReplyScript.Form
  private var generation: Generation?
  /// The fault specification of the request's own header is wrong.
  private var failure: Failure?
  private let orders: FaultOrders

  init(_ head: HTTPRequestHead, in world: World) {
    let fields = head.headers.map { HeaderField($0.name, $0.value) }
    var request = Request(method: head.method.rawValue, target: head.uri, headers: fields, now: World.now())
    var orders = FaultOrders.none
    if SimulatorControl.owns(request.path) {
      record = nil
    } else {
      record = world.recorder.open(
        method: request.method, target: head.uri, headers: fields, at: request.now)
      world.totals.update {
        $0.requests += 1
        $0.open += 1
      }
      do {
        orders = try Exchange.orders(for: request, in: world)
      } catch {
        failure = .badRequest("x-sim-fault: \(error)")
      }
    }
    switch orders {
    case .none: break
    case .own(let own): request.faults = Faults(of: own, model: nil)
    case .drawn(let drawn): request.faults = drawn.faults
    }
    self.orders = orders
    let isCurrent = head.version.major == 1 && head.version.minor >= 1
    form = ReplyScript.Form(
      isHead: head.method == .HEAD, knowsChunks: isCurrent,
      keepsConnection: head.isKeepAlive && isCurrent,
      wantsGzip: request.header("x-sim-gzip") == "1",
      gap: request.header("x-sim-gap-ms").flatMap { Int($0) }.map { min(max($0, 0), 86_400_000) } ?? 0)
    self.request = request
    if let length = request.header("content-length").flatMap({ Int($0) }) {
      // A lying length must not reserve memory; beyond this the buffer grows as the bytes come.
      self.request.body.reserveCapacity(min(max(length, 0), 1 << 20))
    }
  }

  private static func orders(for request: Request, in world: World) throws(FaultSpecError) -> FaultOrders {
    guard let text = request.header("x-sim-fault") else { return .drawn(world.faults.draw()) }
    return .own(try Fault.parse(text, allowingShares: false))
  }

  /// The body is there: adds the faults that are for its model.
  private mutating func addFaultsOfModel(in world: World) {
    switch orders {
    case .none: break
    case .own(let own):
      guard own.contains(where: { $0.scope.models != nil }), let model = request.model else { return }
      request.faults = Faults(of: own, model: model)
    case .drawn(let drawn):
      guard world.faults.dependsOnModel, let model = request.model else { return }
      request.faults = world.faults.faults(of: drawn, model: model)
    }
  }

  /// Computes the reply and the way it is sent.
  mutating func answer(in world: World) {
    if hasWholeRequest { addFaultsOfModel(in: world) }
    let reply = reply(in: world)
    generation = reply.generation
    script = ReplyScript(reply, form: form, faults: record == nil ? Faults() : request.faults)
  }

  private func reply(in world: World) -> Reply {
    if record == nil { return SimulatorControl(world: world).reply(to: request) }
    if let failure { return failure.reply(endpoint: request.endpoint ?? request.path) }
    let router = Router(world: world)
    guard let early = request.faults.early else { return router.reply(to: request) }
    return router.earlyReply(status: early, to: request)
  }

  func keepBody(in world: World) {
    if let record { world.recorder.keep(request.body, sha256: request.sha256, of: record) }
  }

  /// The next step of the reply; nil before it is made and after its end.
  mutating func nextStep() -> ReplyScript.Step? { script?.next() }

  func countEvent() { record?.countEvent() }

  /// Closes the record and bills the generation: all of it when `isWhole`, else what was sent. Only the first
  /// call counts.
  mutating func end(_ ending: RecordedRequest.Ending, isWhole: Bool, in world: World) {
    hasReplied = true
    guard let record else { return }
    let now = World.now()
    guard record.end(ending, at: now) else { return }
    if !hasWholeRequest, !isWhole { keepBody(in: world) }
    let billed = generation.map { $0.billed(eventsSent: isWhole ? nil : record.eventsSent) }
    world.totals.update { totals in
      totals.open -= 1
      if ending == .complete { totals.completed += 1 } else { totals.cancelled += 1 }
      totals.promptTokens += billed?.promptTokens ?? 0
      totals.completionTokens += billed?.completionTokens ?? 0
      totals.cost += billed?.cost ?? 0
    }
    if let generation, let billed {
      let state = isWhole ? (generation.showsUsage ? Books.State.reported : .silent) : .cancelled
      world.books.enter(billed, model: generation.model, state)
      world.ledger.append(
        Ledger.Row(
          generation: generation, usage: billed, isCancelled: !isWhole,
          milliseconds: now - generation.createdMilliseconds))
    }
  }
}

extension Generation {
  /// What is paid for: everything when the reply went through, else the tokens whose events were sent.
  func billed(eventsSent: Int?) -> Usage {
    guard let eventsSent else { return usage }
    var billed = usage
    billed.completionTokens = min(eventsSent, usage.completionTokens)
    billed.reasoningTokens = min(billed.completionTokens, usage.reasoningTokens)
    billed.cost = entry.cost(
      promptTokens: billed.promptTokens, completionTokens: billed.completionTokens)
    return billed
  }
}
