/// What the simulator answers, before any fault of the wire.
struct Reply: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    case events(any EventSequence)
  }

  var status = 200
  var contentType = "application/json"
  var headers: [HeaderField] = []
  var body: Body
  /// What is billed when the reply is through; nil for what costs nothing.
  var generation: Generation?

  init(status: Int = 200, _ json: JSON) {
    self.status = status
    body = .bytes(json.encoded())
  }

  init(contentType: String, bytes: [UInt8]) {
    self.contentType = contentType
    body = .bytes(bytes)
  }

  /// A generation's reply, streamed when `events` are given.
  init(_ generation: Generation, json: @autoclosure () -> JSON, events: @autoclosure () -> any EventSequence) {
    if generation.prompt.isStream {
      contentType = "text/event-stream"
      headers.append(HeaderField("cache-control", "no-cache"))
      body = .events(events())
    } else {
      body = .bytes(json().encoded())
    }
    headers.append(HeaderField("x-generation-id", generation.id))
    self.generation = generation
  }
}

/// The events of a stream, made one at a time so that a long one takes no memory.
protocol EventSequence: Sendable {
  var count: Int { get }
  /// The event at `index`, from 0 up to `count`.
  func event(at index: Int) -> ServerEvent
  /// What the API sends when the provider fails after `index` events; the stream ends there.
  func failure(at index: Int) -> ServerEvent
  /// How many events come before the first that may carry content.
  var contentStart: Int { get }
  /// One more content event with this text.
  func content(_ text: String) -> ServerEvent
}

/// One server-sent event.
struct ServerEvent: Sendable, Equatable {
  var name: String?
  var data: [UInt8]

  init(name: String? = nil, _ data: JSON) {
    self.name = name
    self.data = data.encoded()
  }

  init(data: [UInt8]) { self.data = data }

  static let done = ServerEvent(data: Array("[DONE]".utf8))
}
