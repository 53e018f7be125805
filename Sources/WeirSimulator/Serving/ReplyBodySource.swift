/// Makes a reply's body piece by piece: the events with the faults that sit between them, or slices of a
/// plain body.
struct ReplyBodySource: Sendable {
  enum Piece: Sendable, Equatable {
    case bytes([UInt8])
    case event([UInt8])
    case wait(Int)
    case silence
    case end
  }

  private enum Kind: Sendable {
    case plain([UInt8])
    case events(any EventSequence)
  }

  private static let slice = 65_536

  private let faults: Faults
  private let writer: EventStreamWriter
  private let gap: Int
  private let kind: Kind
  /// Bytes of the plain body, or events of the sequence, handed out.
  private var position = 0
  /// Events handed out, those of the faults included.
  private var sent = 0
  private var hasComment = false
  private var hasWaited = false
  private var hasPing = false
  private var hasMalformed = false
  private var hasBigEvent = false
  private var isOver = false
  private var hasTrailer = false
  private var gzip: Gzip?

  /// Bytes of the whole body; nil for a stream.
  let length: Int?

  init(_ reply: Reply, form: ReplyScript.Form, faults: Faults) {
    self.faults = faults
    writer = EventStreamWriter(faults: faults)
    gap = faults.gap ?? form.gap
    switch reply.body {
    case .bytes(let bytes):
      let coded = form.wantsGzip ? ReplyBodySource.compressed(bytes, faults: faults) : bytes
      kind = .plain(coded)
      length = coded.count
    case .events(let events):
      kind = .events(events)
      length = nil
      if form.wantsGzip { gzip = Gzip() }
    }
  }

  private static func compressed(_ bytes: [UInt8], faults: Faults) -> [UInt8] {
    guard faults.badGzip else { return Gzip.whole(bytes) }
    var gzip = Gzip()
    return Gzip.header + gzip.blocks(of: bytes.prefix(bytes.count / 2)) + Gzip.corruption
      + bytes.suffix(bytes.count / 2)
  }

  mutating func next() -> Piece {
    switch kind {
    case .plain(let bytes): nextSlice(of: bytes)
    case .events(let events): nextPiece(of: events)
    }
  }

  private mutating func nextSlice(of bytes: [UInt8]) -> Piece {
    if faults.stall != nil { return .silence }
    guard position < bytes.count else { return .end }
    let slice = bytes[position...].prefix(ReplyBodySource.slice)
    position += slice.count
    return .bytes(Array(slice))
  }

  private mutating func nextPiece(of events: any EventSequence) -> Piece {
    if !hasComment {
      hasComment = true
      let comment = coded(writer.bytes(ofLine: ": OPENROUTER PROCESSING"))
      return .bytes(gzip == nil ? comment : Gzip.header + comment)
    }
    if !isOver, faults.stall == sent { return .silence }
    if !isOver, position < events.count || (faults.errorEvent == sent) {
      if gap > 0, sent > 0, !hasWaited {
        hasWaited = true
        return .wait(gap)
      }
      hasWaited = false
      let bytes = nextEvent(of: events)
      sent += 1
      return .event(coded(bytes))
    }
    isOver = true
    guard let gzip, !hasTrailer else { return .end }
    hasTrailer = true
    return .bytes(gzip.trailer())
  }

  /// The next event in the order in which faults take precedence.
  private mutating func nextEvent(of events: any EventSequence) -> [UInt8] {
    if faults.errorEvent == sent {
      isOver = true
      return writer.bytes(of: events.failure(at: sent))
    }
    if let after = faults.malformed, sent >= after, !hasMalformed {
      hasMalformed = true
      return writer.bytes(ofLine: "data: {broken")
    }
    if let bytes = faults.bigEvent, !hasBigEvent, sent >= events.contentStart {
      hasBigEvent = true
      return writer.bytes(of: events.content(String(repeating: "x", count: bytes)))
    }
    if faults.noData, sent >= 1, !hasPing {
      hasPing = true
      return writer.bytes(ofLine: "event: ping")
    }
    defer { position += 1 }
    return writer.bytes(of: events.event(at: position))
  }

  private mutating func coded(_ bytes: [UInt8]) -> [UInt8] {
    guard gzip != nil else { return bytes }
    if faults.badGzip, sent >= 1 { return Gzip.corruption + bytes }
    return gzip?.blocks(of: bytes) ?? bytes
  }
}
