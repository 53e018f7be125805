import WeirWire

// What is inside: status and flags, texts, counts, head lines, body.
extension FleetReplyFormat {
  private static let longestText = 1024
  private static let largestCount = 1 << 40

  private enum Flag {
    static let isEventStream: UInt8 = 1
    static let isCompressed: UInt8 = 2
    static let sawContent: UInt8 = 4
    static let sawRefusal: UInt8 = 8
    static let isEmpty: UInt8 = 16
    static let hasUsage: UInt8 = 32
    static let hasCost: UInt8 = 64
    static let hasEdits: UInt8 = 128
  }

  /// Nil for what could not be read again.
  static func payload(of reply: StoredReply) -> [UInt8]? {
    let (description, reading) = (reply.description, reply.description.reading)
    guard KeepReply.mayKeep(status: description.status, ending: .complete, reading: reading),
      SafeHeadLines.areSafe(reply.head[...], contentEncoding: description.contentEncoding)
    else { return nil }
    var payload = PackedWriter(capacity: reply.body.count + reply.head.count + 256)
    var flags: UInt8 = 0
    if description.isEventStream { flags |= Flag.isEventStream }
    if reply.isHeldCompressed { flags |= Flag.isCompressed }
    if reading.sawContent { flags |= Flag.sawContent }
    if reading.sawRefusal { flags |= Flag.sawRefusal }
    if reading.isEmpty { flags |= Flag.isEmpty }
    if reading.usage != nil { flags |= Flag.hasUsage }
    if reading.cost != nil { flags |= Flag.hasCost }
    let edits = description.edits.isEmpty ? nil : description.edits.joined(separator: ",")
    guard isWritable(edits) else { return nil }
    if edits != nil { flags |= Flag.hasEdits }
    payload.append(flags)
    for text in [
      description.contentEncoding, description.model, description.upstream, reading.provider, reading.generationID,
      reading.model, reading.finishReason,
    ] {
      guard isWritable(text) else { return nil }
      payload.append(text)
    }
    let usage = reading.usage ?? TokenUsage()
    for count in [
      usage.input, usage.output, usage.cached, usage.reasoning, reading.contentEvents, reading.toolCalls,
    ] {
      guard (0...largestCount).contains(count) else { return nil }
      payload.append(UInt64(count))
    }
    payload.append((reading.cost ?? 0).bitPattern)
    payload.append(UInt64(reply.bodyCount))
    payload.append(reply.head)
    payload.append(reply.body)
    if let edits { payload.append(edits) }
    return payload.bytes
  }

  private static func isWritable(_ text: String?) -> Bool {
    guard let text else { return true }
    return text.utf8.count <= longestText && PackedReader.isPlain(text.utf8)
  }

  func reply(_ payload: ArraySlice<UInt8>, storedAt: Int64) throws(Fault) -> StoredReply {
    var reader = PackedReader(payload)
    guard let flags = reader.byte() else { throw .damaged }
    var description = try Self.description(&reader, flags: flags)
    description.storedAt = storedAt
    guard let bodyCount = reader.number(upTo: Int.max) else { throw .damaged }
    guard bodyCount <= maximumBodyBytes else { throw .tooLarge }
    guard let head = reader.part(upTo: SafeHeadLines.mostBytes), let body = reader.part(upTo: maximumBytes),
      let edits = Self.edits(&reader, flags: flags), reader.count == 0,
      SafeHeadLines.areSafe(head, contentEncoding: description.contentEncoding),
      KeepReply.mayKeep(status: description.status, ending: .complete, reading: description.reading)
    else { throw .damaged }
    description.edits = edits
    let isCompressed = flags & Flag.isCompressed != 0
    guard isCompressed ? description.contentEncoding == nil : body.count == bodyCount else { throw .damaged }
    let held = StoredReply(
      description, head: Array(head), body: Array(body), isHeldCompressed: isCompressed, bodyCount: bodyCount)
    guard isCompressed else { return held }
    // Some clients get the compressed bytes as they are, so they are tried here.
    guard let plain = held.bodyBytes(), plain.count == bodyCount else { throw .damaged }
    if compressFrom > 0, bodyCount >= compressFrom { return held }
    return StoredReply(description, head: Array(head), body: plain)
  }

  /// Nil where they cannot be read.
  private static func edits(_ reader: inout PackedReader, flags: UInt8) -> [String]? {
    guard flags & Flag.hasEdits != 0 else { return [] }
    guard let text = reader.text(upTo: longestText), let text, !text.isEmpty, text.utf8.allSatisfy({ $0 < 0x80 }) else {
      return nil
    }
    return text.split(separator: ",").map(String.init)
  }

  private static func description(
    _ reader: inout PackedReader, flags: UInt8
  ) throws(Fault) -> StoredReply.Description {
    var texts: [String?] = []
    for _ in 0..<7 {
      guard let text = reader.text(upTo: longestText) else { throw .damaged }
      texts.append(text)
    }
    var counts: [Int] = []
    for _ in 0..<6 {
      guard let count = reader.number(upTo: largestCount) else { throw .damaged }
      counts.append(count)
    }
    guard let bits = reader.number(), let upstream = texts[2] else { throw .damaged }
    let cost = Double(bitPattern: bits)
    guard cost.isFinite, cost >= 0 else { throw .damaged }
    var reading = ReplyReading()
    reading.usage =
      flags & Flag.hasUsage == 0
      ? nil : TokenUsage(input: counts[0], output: counts[1], cached: counts[2], reasoning: counts[3])
    reading.cost = flags & Flag.hasCost == 0 ? nil : cost
    (reading.provider, reading.generationID, reading.model, reading.finishReason) = (
      texts[3], texts[4], texts[5], texts[6]
    )
    reading.sawEndMarker = true
    reading.sawContent = flags & Flag.sawContent != 0
    reading.sawRefusal = flags & Flag.sawRefusal != 0
    reading.isEmpty = flags & Flag.isEmpty != 0
    (reading.contentEvents, reading.toolCalls) = (counts[4], counts[5])
    return StoredReply.Description(
      contentEncoding: texts[0], isEventStream: flags & Flag.isEventStream != 0, model: texts[1], upstream: upstream,
      reading: reading, storedAt: 0)
  }
}
