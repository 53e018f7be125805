/// Takes out of one reply what its rules say: reads it as it comes, event by event or, where it is no stream, whole.
/// Everything else goes out byte for byte. Plain value, for one event loop; memory is bounded.
public struct ReplyEditor {
  /// An event, or a plain body, above this is not read.
  public static let maximumBytes = ReplyMeter.maximumKeptBytes

  /// What weir cannot let through.
  public enum Stop: Sendable, Equatable {
    /// A call of this tool, which the rules refuse.
    case tool(String)
    /// An event that is too long to be looked at for tool calls.
    case tooLong
  }

  let endpoint: Endpoint
  let rules: ReplyRules
  var sieve: CallSieve?
  private let json: JSONReader
  private let maximumEventBytes: Int
  private var events: EventStreamFilter
  private var sawTooLong = false

  /// - Parameters:
  ///   - json: the event loop's reader.
  ///   - maximumEventBytes: what one event may take.
  public init(
    endpoint: Endpoint, rules: ReplyRules, json: JSONReader = JSONReader(),
    maximumEventBytes: Int = ReplyEditor.maximumBytes
  ) {
    self.maximumEventBytes = maximumEventBytes
    events = EventStreamFilter(maximumEventBytes: maximumEventBytes)
    self.endpoint = endpoint
    self.rules = rules
    self.json = json
    sieve = rules.tools.map { CallSieve($0) }
  }

  /// Why the reply must end here; nothing has gone out from there on.
  public var stop: Stop? { sieve?.refusedTool.map { .tool($0) } ?? (sawTooLong ? .tooLong : nil) }

  /// Whether a tool call was taken out.
  public var hasStripped: Bool { sieve?.hasStripped ?? false }

  /// True when an event written to the client now would stand by itself.
  public var isAtEventBoundary: Bool { events.isAtEventBoundary }

  /// Reads the next bytes of a stream.
  ///
  /// - Parameter emit: takes what goes to the client, valid only during the call.
  public mutating func read(_ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) -> Void) {
    guard stop == nil else { return }
    var events = takeEvents()
    unsafe events.read(
      bytes, judge: { unsafe judge(name: $0, data: $1) }, overlong: { overlong() },
      emit: { if stop == nil { unsafe emit($0) } })
    self.events = events
  }

  /// A stream is over: what was held of its last event goes out.
  public mutating func finish(emit: (UnsafeRawBufferPointer) -> Void) {
    guard stop == nil else { return }
    var events = takeEvents()
    unsafe events.finish(judge: { unsafe judge(name: $0, data: $1) }, emit: { if stop == nil { unsafe emit($0) } })
    self.events = events
  }

  /// Moved out while the rest of the editor judges, so that what it holds is not copied.
  private mutating func takeEvents() -> EventStreamFilter {
    let taken = events
    events = EventStreamFilter(maximumEventBytes: maximumEventBytes)
    return taken
  }

  /// The whole body of a reply that is no stream, or does not say that it is one, edited; nil where it stays as it is.
  public mutating func edited(_ body: UnsafeRawBufferPointer) -> [UInt8]? {
    guard sieve != nil else { return nil }
    // JSON has none, and most clients skip it.
    let mark = unsafe body.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let document = unsafe UnsafeRawBufferPointer(rebasing: body[mark...])
    var edits = DocumentEdits()
    let isJSON = unsafe json.read(document) { root in
      switch endpoint {
      case .responses: editResponse(root, &edits)
      case .messages: editMessage(root, &edits)
      default: editChoices(root, &edits)
      }
    }
    guard isJSON else { return unsafe editedEvents(body) }
    return unsafe edits.isEmpty || stop != nil ? nil : body[..<mark] + edits.applied(to: document)
  }

  /// Clients that asked for a stream read events whatever the reply says that it is.
  private mutating func editedEvents(_ body: UnsafeRawBufferPointer) -> [UInt8]? {
    var edited: [UInt8] = []
    unsafe read(body) { unsafe edited.append(contentsOf: $0) }
    unsafe finish { unsafe edited.append(contentsOf: $0) }
    return unsafe stop != nil || edited.elementsEqual(body) ? nil : edited
  }

  /// Usage of a long event may pass, tool calls may not.
  private mutating func overlong() -> EventStreamFilter.Verdict {
    guard sieve != nil else { return .pass }
    sawTooLong = true
    return .drop
  }

  private mutating func judge(
    name: UnsafeRawBufferPointer?, data: UnsafeRawBufferPointer
  ) -> EventStreamFilter.Verdict {
    // What is no object, `[DONE]` above all, tells nothing.
    guard let first = unsafe data.first, first != UInt8(ascii: "[") else { return .pass }
    var edits = DocumentEdits()
    var passes = true
    _ = unsafe json.read(data) { root in
      switch endpoint {
      case .responses: passes = editResponsesEvent(root, &edits)
      case .messages: passes = editMessagesEvent(root, &edits)
      default: passes = editChunk(root, &edits)
      }
    }
    guard passes, stop == nil else { return .drop }
    guard !edits.isEmpty else { return .pass }
    return unsafe .replace(Self.event(name: name, data: edits.applied(to: data)))
  }

  /// An event as it goes on the wire; a line end within its data begins another `data` line.
  private static func event(name: UnsafeRawBufferPointer?, data: [UInt8]) -> [UInt8] {
    var event: [UInt8] = []
    event.reserveCapacity(data.count + 64)
    if let name = unsafe name {
      event.append(contentsOf: "event: ".utf8)
      unsafe event.append(contentsOf: name)
      event.append(UInt8(ascii: "\n"))
    }
    event.append(contentsOf: "data: ".utf8)
    for byte in data {
      event.append(byte)
      if byte == UInt8(ascii: "\n") { event.append(contentsOf: "data: ".utf8) }
    }
    event.append(contentsOf: "\n\n".utf8)
    return event
  }
}
