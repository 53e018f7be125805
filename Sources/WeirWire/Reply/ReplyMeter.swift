/// Follows one reply of a JSON API, plain or streamed, as its bytes pass, and keeps what they tell of usage and outcome.
/// Never fails: what it cannot read it leaves unknown. Plain value, for one event loop; memory is bounded.
public struct ReplyMeter {
  /// Of a plain body above this only the usage is read, and of an event above a mebibyte.
  public static let maximumKeptBytes = 8 << 20

  /// What was learnt so far.
  public var reading: ReplyReading {
    var reading = interpreter.reading
    if isEventStream, !isFinished { reading.isAtEventBoundary = events.isAtEventBoundary }
    return reading
  }

  /// The event of a stream that has begun and not ended, as far as its bytes are kept.
  public var openEvent: OpenEvent? { isFinished ? brokenEvent : isEventStream ? events.openEvent : nil }

  /// As the reading's, for a look after every chunk.
  public var sawContent: Bool { interpreter.reading.sawContent }

  /// Whether a stream has said that it is whole, or that it failed: its client need not wait for what comes behind that.
  public var sawEnd: Bool {
    isEventStream && (interpreter.reading.sawEndMarker || interpreter.reading.error != nil) && events.isAtEventBoundary
  }

  /// As the reading's, for a look that copies nothing else.
  public var error: ReplyError? { interpreter.reading.error }

  private let isEventStream: Bool
  private let endpoint: Endpoint
  private let json: JSONReader
  private var interpreter: ReplyInterpreter
  private var events = EventStreamReader()
  private var isFinished = false
  /// The event that the stream ended in the middle of.
  private var brokenEvent: OpenEvent?
  /// The plain body so far; nil once it is too large.
  private var body: [UInt8]? = []
  /// What is looked for in one that is too large.
  private var scan = UsageScan()

  /// - Parameters:
  ///   - isEventStream: by the reply's Content-Type, not by what was asked for.
  ///   - json: the event loop's reader, shared by its meters.
  ///   - collectsToolCalls: true where the request offered tools, for ``takeToolCalls()``.
  public init(
    endpoint: Endpoint, isEventStream: Bool, json: JSONReader = JSONReader(), collectsToolCalls: Bool = false
  ) {
    self.endpoint = endpoint
    self.isEventStream = isEventStream
    self.json = json
    interpreter = ReplyInterpreter(
      endpoint: endpoint, isStream: isEventStream, collector: collectsToolCalls ? ToolCallCollector() : nil)
  }

  /// Reads the next bytes of the body.
  public mutating func read(_ bytes: UnsafeRawBufferPointer) {
    guard endpoint.readsBody, !isFinished else { return }
    guard isEventStream else { return unsafe keep(bytes) }
    let json = json
    unsafe events.read(
      bytes, event: { unsafe interpreter.readEvent(name: $0, data: $1, json: json) },
      skipped: { unsafe interpreter.skipEvent(name: $0, usage: $1, json: json) })
  }

  /// The body is over: an unfinished last event, or the plain body, is read now.
  public mutating func finish() {
    guard endpoint.readsBody, !isFinished else { return }
    isFinished = true
    if isEventStream {
      finishStream()
    } else if let whole = body.take() {
      unsafe whole.withUnsafeBytes { unsafe interpreter.readPlain($0, json: json) }
    } else if let usage = scan.document {
      unsafe usage.withUnsafeBytes { unsafe interpreter.readPlain($0, json: json) }
      // Whether the body was one whole document, or one at all, is not known.
      (interpreter.reading.sawEndMarker, interpreter.reading.isMalformed) = (false, false)
    }
    interpreter.conclude()
  }

  /// Hands out the reply's tool calls, once, after ``finish()``; none unless they were to be collected.
  public mutating func takeToolCalls() -> [CollectedToolCall] { interpreter.collector?.take() ?? [] }

  private mutating func finishStream() {
    interpreter.reading.isAtEventBoundary = events.isAtEventBoundary
    guard !events.isAtEventBoundary else { return }
    brokenEvent = events.openEvent
    // Cut off is not malformed: that the stream broke is told by the missing end marker.
    let wasMalformed = interpreter.reading.isMalformed
    let json = json
    unsafe events.finish { unsafe interpreter.readEvent(name: $0, data: $1, json: json) }
    interpreter.reading.isMalformed = wasMalformed
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    guard let count = body?.count else { return unsafe scan.take(bytes) }
    if count + bytes.count > Self.maximumKeptBytes {
      unsafe body?.withUnsafeBytes { unsafe scan.take($0) }
      unsafe scan.take(bytes)
      body = nil
    } else {
      unsafe body?.append(contentsOf: bytes)
    }
  }
}
