public import WeirWire

/// One whole reply as it can be sent again; never changed once made.
public final class StoredReply: Sendable {
  /// What a reply is besides its bytes.
  public struct Description: Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// The upstream's `content-encoding`; nil where the body is plain.
    public var contentEncoding: String?
    /// Whether it is to be sent as a stream.
    public var isEventStream: Bool
    /// The model that produced it, by the id asked of the upstream.
    public var model: String?
    /// What headers and metrics call the upstream.
    public var upstream: String
    /// What the reply said about itself, its price among it.
    public var reading: ReplyReading
    /// What weir changed in it, as `x-weir-edits` calls it.
    public var edits: [String]
    /// When the reply was whole, in nanoseconds of the monotonic clock.
    public var storedAt: Int64

    /// Describes a reply.
    public init(
      status: Int = 200, contentEncoding: String? = nil, isEventStream: Bool = false, model: String?,
      upstream: String, reading: ReplyReading = ReplyReading(), edits: [String] = [], storedAt: Int64
    ) {
      self.status = status
      self.contentEncoding = contentEncoding
      self.isEventStream = isEventStream
      self.model = model
      self.upstream = upstream
      self.reading = reading
      self.edits = edits
      self.storedAt = storedAt
    }
  }

  /// What it is.
  public let description: Description
  /// The field lines to send again, as the caller wrote them.
  public let head: [UInt8]
  /// The body as it is held: as the upstream sent it or, where `isHeldCompressed`, as one gzip member (RFC 1952).
  public let body: [UInt8]
  /// Whether `body` was compressed by weir; never where the upstream had coded it.
  public let isHeldCompressed: Bool
  /// Bytes of the body as the upstream sent it.
  public let bodyCount: Int
  /// Bytes of memory that it takes, about: its arrays with their spare room, long strings, and the object.
  public let heldBytes: Int

  /// Takes a whole reply. Arrays with much spare room are copied, so that none of it is held.
  public convenience init(_ description: Description, head: [UInt8], body: [UInt8]) {
    self.init(description, head: head, body: body, isHeldCompressed: false, bodyCount: body.count)
  }

  /// Takes a reply whose body may be compressed already.
  init(
    _ description: Description, head: [UInt8], body: [UInt8], isHeldCompressed: Bool, bodyCount: Int
  ) {
    self.description = description
    self.head = Self.fitted(head)
    self.body = Self.fitted(body)
    self.isHeldCompressed = isHeldCompressed
    self.bodyCount = bodyCount
    heldBytes = Self.objectBytes + Self.bytes(of: description) + Self.bytes(of: self.head) + Self.bytes(of: self.body)
  }

  /// Whole seconds since the reply was whole, for the header `age`; 0 where the clocks of two threads disagree.
  public func age(now: Int64) -> Int { Int(nanoseconds(now: now) / 1_000_000_000) }

  func nanoseconds(now: Int64) -> Int64 {
    let (age, overflows) = now.subtractingReportingOverflow(description.storedAt)
    return overflows ? 0 : max(age, 0)
  }

  /// The same reply, held compressed where that makes it at least an eighth smaller; takes milliseconds a megabyte, so
  /// it belongs off the event loop.
  ///
  /// - Parameter level: of zlib: 1 is fastest.
  public func compressed(level: Int = 1) -> StoredReply {
    guard !isHeldCompressed, description.contentEncoding == nil, let small = Gzip.compress(body, level: level),
      small.count <= body.count - body.count / 8
    else { return self }
    return StoredReply(description, head: head, body: small, isHeldCompressed: true, bodyCount: bodyCount)
  }

  /// The body as the upstream sent it; nil only when zlib has no memory.
  public func bodyBytes() -> [UInt8]? {
    guard isHeldCompressed else { return body }
    guard let inflater = Inflater(encoding: .gzip, limit: bodyCount) else { return nil }
    var plain: [UInt8] = []
    plain.reserveCapacity(bodyCount)
    do {
      try unsafe body.withUnsafeBytes { bytes in
        try unsafe inflater.inflate(bytes) { unsafe plain.append(contentsOf: $0) }
      }
      try inflater.finish()
    } catch { return nil }
    return plain
  }
}

extension StoredReply {
  /// The object's own fields and the headers of three allocations.
  private static let objectBytes = 64 + MemoryLayout<Description>.size + 64

  /// An array's header, and its room rounded up as malloc rounds.
  private static func bytes(of array: [UInt8]) -> Int { array.isEmpty ? 0 : array.capacity + 48 }

  /// Strings up to 15 bytes have no memory of their own.
  private static func bytes(of description: Description) -> Int {
    let reading = description.reading
    let own = bytes(of: description.contentEncoding) + bytes(of: description.model) + bytes(of: description.upstream)
    let names = bytes(of: reading.provider) + bytes(of: reading.generationID) + bytes(of: reading.model)
    let edits = description.edits.reduce(0) { $0 + 16 + bytes(of: $1) }
    return own + names + edits + bytes(of: reading.finishReason) + bytes(of: reading.error?.code)
  }

  private static func bytes(of text: String?) -> Int {
    guard let count = text?.utf8.count, count > 15 else { return 0 }
    return count + 48
  }

  private static func fitted(_ array: [UInt8]) -> [UInt8] {
    guard array.capacity - array.count > array.count / 4 + 64 else { return array }
    return unsafe [UInt8](unsafeUninitializedCapacity: array.count) { room, count in
      count = unsafe room.initialize(fromContentsOf: array)
    }
  }
}
