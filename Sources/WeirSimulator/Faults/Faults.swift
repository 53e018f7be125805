/// The faults that act on one request. The default value is a healthy upstream.
struct Faults: Sendable, Equatable {
  /// Status of an error reply made instead of the real one.
  var status: Int?
  /// Verbatim header values that go with an error status.
  var retryAfter: String?
  var retryAfterMs: String?
  var rateLimitReset: String?
  /// Milliseconds before the first byte.
  var delay = 0
  /// Events before silence.
  var stall: Int?
  /// Body bytes before the connection ends.
  var cut: Int?
  /// The cut is an RST, not a FIN.
  var cutIsReset = false
  /// RST before any byte.
  var reset = false
  /// Events before the error event.
  var errorEvent: Int?
  var errorChoice = false
  /// Events before a malformed one.
  var malformed: Int?
  var garbage = false
  /// Milliseconds between single bytes.
  var drip = 0
  /// Bytes of content.
  var huge: Int?
  var noDone = false
  var noUsage = false
  /// A stream tells its usage only where `stream_options.include_usage` asks for it, as OpenAI's do.
  var usageOnDemand = false
  /// Status of a reply that does not wait for the request's body.
  var early: Int?
  /// Bytes promised and never sent.
  var short: Int?
  var html = false
  var badChunk = false
  var badGzip = false
  var endlessHeaders = false
  /// How many `103 Early Hints` come first.
  var informational = 0
  var trailers = false
  var carriageReturn = false
  var carriageReturnLineFeed = false
  var noData = false
  /// Content bytes of one extra event.
  var bigEvent: Int?
  /// Milliseconds between events.
  var gap: Int?
  var close = false
  /// Prompt tokens that fit the context window; more are refused.
  var context: Int?
  var headers: [HeaderField] = []
}

/// One header of a reply.
struct HeaderField: Sendable, Equatable {
  var name: String
  var value: String

  init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension Faults {
  /// What a request's own specification orders of the requests that name this model; nil is a model not known (yet).
  /// A fault with a pattern wins over one without, and among equals the later one.
  init(of own: [Fault], model: String?) {
    self.init()
    for fault in own where fault.scope.models == nil { apply(fault) }
    guard let model else { return }
    for fault in own where fault.scope.models?.matches(model) ?? false { apply(fault) }
  }

  mutating func apply(_ fault: Fault) {
    switch fault.setting {
    case .number(let number): apply(fault.name, number)
    case .text(let text): apply(fault.name, text)
    case .field(let field): headers.append(field)
    case .flag(let isOn): apply(fault.name, isOn)
    }
  }

  private mutating func apply(_ name: FaultName, _ number: Int) {
    switch name {
    case .status: status = number
    case .delay: delay = number
    case .stall: stall = number
    case .cut: (cut, cutIsReset) = (number, false)
    case .cutRst: (cut, cutIsReset) = (number, true)
    case .errorEvent: errorEvent = number
    case .malformed: malformed = number
    case .drip: drip = number
    case .huge: huge = number
    case .early: early = number == 0 ? nil : number < 200 ? 200 : number
    case .short: short = number
    case .informational: informational = number
    case .bigEvent: bigEvent = number
    case .gap: gap = number
    case .context: context = number
    default: break
    }
  }

  private mutating func apply(_ name: FaultName, _ text: String) {
    switch name {
    case .retryAfter: retryAfter = text
    case .retryAfterMs: retryAfterMs = text
    case .rateLimitReset: rateLimitReset = text
    default: break
    }
  }

  private mutating func apply(_ name: FaultName, _ isOn: Bool) {
    switch name {
    case .reset: reset = isOn
    case .errorChoice: errorChoice = isOn
    case .garbage: garbage = isOn
    case .noDone: noDone = isOn
    case .noUsage: noUsage = isOn
    case .usageOnDemand: usageOnDemand = isOn
    case .html: html = isOn
    case .badChunk: badChunk = isOn
    case .badGzip: badGzip = isOn
    case .endlessHeaders: endlessHeaders = isOn
    case .trailers: trailers = isOn
    case .cr: carriageReturn = isOn
    case .crlf: carriageReturnLineFeed = isOn
    case .noData: noData = isOn
    case .close: close = isOn
    default: break
    }
  }
}
