import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirUpstream
import WeirWire

// The model list: the upstream's reply is collected and gets weir's entries put in, or is answered from what this event
// loop has kept, or, while the upstream is down, made of weir's entries alone. One entry of weir's is answered at once.
extension LiveExchange {
  /// Answers a request for models where the upstream need not be asked. Else notes what its reply is for.
  func answersModels() -> Bool {
    guard let target = exchange.target, target.endpoint == .models else { return false }
    guard !fields.hasBody, let asked = ModelRequest(target) else {
      // What weir does not read it cannot filter.
      guard let client = limitedClient else { return false }
      refuse(AuthorizeModel.refusal(to: client))
      return true
    }
    let listing = loop.models.listing(for: snapshot)
    switch asked {
    case .one(let id):
      if let client = limitedClient, !AuthorizeModel.permits(id, for: client, policy: snapshot.policy) {
        refuse(AuthorizeModel.refusal(to: client))
        return true
      }
      guard let entry = listing.entry(for: id) else { return false }
      answer(ByteBuffer(string: entry.json), fields: [])
      return true
    case .page:
      guard limitedClient != nil else { return false }
      modelList = ModelListCollection(isShared: false, isWhole: false, allowance: loop.state.bufferedBytes)
      return false
    case .list:
      guard !listing.entries.isEmpty || limitedClient != nil else { return false }
      let isShared = !ModelListFields.tellsCaller(
        fields, request: request, exchange: exchange, snapshot: snapshot)
      if isShared, let kept = loop.models.list(for: snapshot, request: request, now: loop.now) {
        answer(
          permitted(kept.list.body), lines: kept.list.lines,
          fields: [("age", String(kept.age)), ("x-weir-cache", "hit")])
        return true
      }
      modelList = ModelListCollection(isShared: isShared, allowance: loop.state.bufferedBytes)
      return false
    }
  }

  /// Whether the reply is held back to be added to, or replaced.
  func collectsModels(_ head: ReplyHead, status: Int) -> Bool {
    guard let collection = modelList else { return false }
    guard collection.takes(head, status: status) else {
      modelList = nil
      return false
    }
    // The body of a failure goes nowhere.
    reply.framing = collection.isFailure ? .none : .sized
    return true
  }

  /// Whether what has come so far is still held back; over the bound it is relayed from here on.
  func holdsModels() -> Bool {
    guard let collection = modelList, let head = collection.head else { return false }
    if collection.holds(reply.batchBytes) { return true }
    modelList = nil
    beginRelay(head, status: 200)
    return false
  }

  /// The collected reply is whole. False when it goes out as it came.
  func answersCollectedModels() -> Bool {
    guard let collection = modelList, let head = collection.head else { return false }
    if collection.isFailure {
      answerWithAliases()
      return true
    }
    // What came last has not been held against the bound yet; what is held from here on is the list that goes out.
    guard collection.holds(reply.batchBytes),
      let body = reply.batch.flatMap({ collection.decoded($0, allocator: connection.allocator) }),
      let list = withAliases(body), collection.holds(list.readableBytes)
    else {
      modelList = nil
      beginRelay(head, status: 200)
      return false
    }
    reply.batch = nil
    reply.batchBytes = 0
    if list.readableBytes > body.readableBytes { exchange.note(edit: "aliases") }
    if case .compressed = BodyCoding(head.contentEncoding) { exchange.note(edit: "content-encoding") }
    if collection.isShared { keep(list, head) }
    answer(
      permitted(list), lines: ModelListFields.lines(head.lines, forLater: false, allocator: connection.allocator),
      fields: [("x-weir-cache", collection.isShared ? "miss" : "bypass")], upstreamRequestID: head.requestID)
    return true
  }

  /// The upstream failed. False when its failure is to be told to the client.
  func answersModelsAlone(_ failure: TransferFailure) -> Bool {
    guard modelList?.isWhole == true, failure.kind != .local, failure.kind != .cancelled else { return false }
    answerWithAliases()
    return true
  }

  /// No upstream is asked. False when that is to be told to the client.
  func answersModelsAlone(_ refusal: Refusal) -> Bool {
    guard modelList?.isWhole == true, refusal.code == .circuitOpen else { return false }
    answerWithAliases()
    return true
  }

  private func answerWithAliases() {
    reply.batch = nil
    reply.batchBytes = 0
    modelList = nil
    let list = loop.models.listing(for: snapshot).withoutUpstream
    answer(permitted(ByteBuffer(string: list)), fields: [("x-weir-models", "aliases-only")])
  }

  /// The client, where the configuration says which models it may ask for.
  private var limitedClient: ClientProfile? {
    exchange.profile.flatMap { $0.access.isOpen ? nil : $0 }
  }

  /// The list as this client may see it. What is kept for others is the whole.
  private func permitted(_ list: ByteBuffer) -> ByteBuffer {
    guard let client = limitedClient else { return list }
    let policy = snapshot.policy
    let found = unsafe list.withUnsafeReadableBytes { bytes in
      unsafe ModelListFilter.keeping(
        { AuthorizeModel.permits($0, for: client, policy: policy) }, in: bytes, json: loop.jsonReader)
    }
    guard let found, found.count != list.readableBytes else { return list }
    exchange.note(edit: "models")
    return ByteBuffer(bytes: found)
  }

  /// Nil when the body is no list.
  private func withAliases(_ body: ByteBuffer) -> ByteBuffer? {
    let found = unsafe body.withUnsafeReadableBytes { unsafe ModelListSplice.read($0, json: loop.jsonReader) }
    guard let splice = found,
      let front = body.getSlice(at: body.readerIndex, length: splice.offset),
      let back = body.getSlice(
        at: body.readerIndex + splice.offset, length: body.readableBytes - splice.offset)
    else { return nil }
    guard modelList?.isWhole == true else { return body }
    let additions = loop.models.listing(for: snapshot).additions(to: splice.ids)
    guard !additions.isEmpty else { return body }
    let text = splice.insertion(additions)
    var list = connection.allocator.buffer(capacity: body.readableBytes + text.utf8.count)
    list.writeImmutableBuffer(front)
    list.writeString(text)
    list.writeImmutableBuffer(back)
    return list
  }

  private func keep(_ list: ByteBuffer, _ head: ReplyHead) {
    guard ModelListFields.mayBeKept(head.lines),
      let varying = ModelListFields.varying(head.lines, request: request)
    else { return }
    loop.models.keep(
      ModelListCache.List(
        body: list, lines: ModelListFields.lines(head.lines, forLater: true, allocator: connection.allocator),
        varying: varying, storedAt: loop.now),
      for: snapshot)
  }

  // MARK: A whole document

  private static let json = ByteBuffer(string: "content-type: application/json\r\n")

  func answer(
    _ body: ByteBuffer, status: Int = 200, lines: ByteBuffer = LiveExchange.json,
    fields own: [(name: String, value: String)], upstreamRequestID: String? = nil
  ) {
    exchange.answered(status: status)
    reply.framing = .sized
    reply.hasBegun = true
    let head = ReplyHeadWriter.document(
      lines: lines.readableBytesView, status: status, fields: own, bodyBytes: body.readableBytes,
      upstreamRequestID: upstreamRequestID, exchange: exchange, ownRequestID: fields.requestID == nil,
      keepAlive: promiseMore(), isHTTP10: isHTTP10, allocator: connection.allocator)
    sizes.sent += head.readableBytes
    connection.write(head)
    document = body
    sendDocument()
  }

  /// Sends on as fast as the client takes it, so that a client that asks often and reads slowly holds no memory.
  func sendDocument() {
    while !isOver, var rest = document {
      guard connection.isWritable else {
        connection.flush()
        guard connection.isWritable else {
          reply.isHeld = true
          return
        }
        continue
      }
      if let part = rest.readSlice(length: min(rest.readableBytes, Self.partBytes)) {
        bodyCopy?.take(reply: part, count: part.readableBytes)
        sizes.sent += part.readableBytes
        connection.write(part)
      }
      document = rest.readableBytes > 0 ? rest : nil
      if document == nil { finish(.complete) }
    }
  }

  private static let partBytes = 64 * 1024
}
