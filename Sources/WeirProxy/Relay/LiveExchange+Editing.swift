import NIOCore
import WeirPolicy
import WeirWire

// Replies that parts are taken out of: usage that the client did not ask for, calls of forbidden tools. The meter reads
// what came, the client and all that follow get what is left.
extension LiveExchange {
  /// An event that tells usage is small; a longer one passes as it is.
  private static let longestUsageEvent = 1 << 20

  /// Notes how a reply is to be edited, if it is of a kind that the rules are about.
  func startEditing(_ head: ReplyHead, status: Int) {
    guard status < 300, let rules = exchange.replyRules,
      rules.apply(to: exchange.endpoint, isEventStream: head.isEventStream)
    else { return }
    let isCoded = BodyCoding.isCoded(head.contentEncoding)
    // A coded stream shows its usage; tools must not slip through in one.
    guard !isCoded || rules.tools != nil else { return }
    reply.isEventStream = head.isEventStream
    reply.edit = ReplyEdit(
      editor: ReplyEditor(
        endpoint: exchange.endpoint, rules: rules, json: loop.jsonReader,
        maximumEventBytes: rules.tools == nil ? Self.longestUsageEvent : ReplyEditor.maximumBytes),
      isWhole: !head.isEventStream, waits: !head.isEventStream || isCoded || rules.tools?.refuses == true,
      isCoded: isCoded)
  }

  /// Takes bytes of a stream: what stays of them goes to the client with the batch.
  func editEvents(_ bytes: UnsafeRawBufferPointer) {
    unsafe measure(bytes)
    guard let edit = reply.edit else { return }
    if !edit.isCoded { unsafe edit.editor.read(bytes) { unsafe append($0) } }
    reply.measuredBytes = reply.batchBytes
  }

  /// The transfer is over and its reply whole.
  func finishEditing() {
    if reply.edit?.isWhole == true { holdWhole() }
    guard let edit = reply.edit, Self.refusal(edit) == nil else { return }
    if !edit.isWhole {
      unsafe edit.editor.finish { unsafe append($0) }
    } else if let body = reply.batch,
      let edited = unsafe body.withUnsafeReadableBytes({ unsafe edit.editor.edited($0) })
    {
      reply.batch = nil
      reply.batchBytes = 0
      unsafe edited.withUnsafeBytes { unsafe append($0) }
      reply.held?.resize(to: edited.count)
      exchange.note(replyEdit: "tool_calls")
    }
    reply.measuredBytes = reply.batchBytes
  }

  /// Holds what came of a reply that must be whole, or notes that this cannot be.
  func holdWhole() {
    measurePending()
    let missing = max(reply.batchBytes - reply.keptBytes, 0)
    if reply.batchBytes > ReplyEditor.maximumBytes {
      reply.edit?.isTooLarge = true
    } else if reply.isUnreadable || !loop.state.bufferedBytes.take(missing) {
      reply.edit?.hasNoRoom = true
    } else {
      reply.keptBytes += missing
    }
  }

  /// Whether the reply ends here, because of what is in it or what cannot be known of it.
  func stopsReply() -> Bool {
    guard let edit = reply.edit, let refusal = Self.refusal(edit) else { return false }
    // All of it has come: what it used counts, though the client gets none of it.
    if transfer == nil { reply.meter?.finish() }
    if reply.hasBegun { relayBatch(isLast: false) }
    refuse(refusal)
    return true
  }

  private static func refusal(_ edit: ReplyEdit) -> Refusal? {
    if edit.isCoded {
      return Refusal(
        .upstreamProtocolError, "the upstream compressed a reply that weir has to look through for tool calls",
        remedy: "Report this to the proxy's operator: the upstream compresses without being asked to.")
    }
    if edit.hasNoRoom {
      return Refusal(
        .overloaded, "weir has no memory to look through the reply for tool calls", remedy: "Try again.",
        retryAfterSeconds: 1)
    }
    switch edit.editor.stop {
    case .tool(let name):
      return Refusal(
        .toolNotAllowed, "the model called the tool \(name.prefix(64)), which this proxy does not allow",
        remedy: "Leave the tool out of the request, or have it allowed.",
        logged: "the model called a tool that is not allowed")
    case .tooLong: return tooLarge
    case nil: return edit.isTooLarge ? tooLarge : nil
    }
  }

  private static let tooLarge = Refusal(
    .toolNotAllowed, "the reply is too large to be looked through for forbidden tool calls",
    remedy: "Ask for a shorter reply.")
}
