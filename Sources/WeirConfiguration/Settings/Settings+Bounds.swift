extension Settings {
  /// Far above any sensible bound, far below what could overflow a sum of several.
  private static let byteRange = 1...(1 << 40)

  static let maxBodyBytes = Setting(
    "WEIR_MAX_BODY_BYTES", yaml: "limits.max_body_bytes", .bytes(in: byteRange), default: 33_554_432,
    "Largest request body, after decompression")
  static let maxHeaderBytes = Setting(
    "WEIR_MAX_HEADER_BYTES", yaml: "limits.max_header_bytes", .bytes(in: 1024...16_777_216), default: 65_536,
    "Largest request head: request line and headers together")
  static let maxBufferedBytes = Setting(
    "WEIR_MAX_BUFFERED_BYTES", yaml: "limits.max_buffered_bytes", .bytes(in: byteRange), default: 268_435_456,
    "Bytes of request bodies held at once, over all requests")
  static let maxConnections = Setting(
    "WEIR_MAX_CONNECTIONS", yaml: "limits.max_connections", .integer(in: 1...1_000_000), default: 4096,
    "Open client connections")
  static let maxInFlight = Setting(
    "WEIR_MAX_IN_FLIGHT", yaml: "limits.max_in_flight", .integer(in: 1...1_000_000), default: 1024,
    "Requests served at once")
  static let eventLoops = Setting(
    "WEIR_EVENT_LOOPS", yaml: "limits.event_loops", .integer(in: 1...1024), reloadable: false,
    "Threads that serve requests; without it, one for each processor that the process may use, 8 at most")

  static let limits = [
    maxBodyBytes.entry, maxHeaderBytes.entry, maxBufferedBytes.entry, maxConnections.entry, maxInFlight.entry,
    eventLoops.entry,
  ]

  static let connectTimeout = Setting(
    "WEIR_TIMEOUT_CONNECT", yaml: "timeouts.connect", .seconds, default: .seconds(5),
    "Until a connection to the upstream stands, TLS included")
  static let firstByteTimeout = Setting(
    "WEIR_TIMEOUT_FIRST_BYTE", yaml: "timeouts.first_byte", .seconds, default: .seconds(120),
    "From the request's last byte to the reply's first")
  static let idleTimeout = Setting(
    "WEIR_TIMEOUT_IDLE", yaml: "timeouts.idle", .seconds, default: .seconds(60),
    "Between two pieces of a reply")
  static let totalTimeout = Setting(
    "WEIR_TIMEOUT_TOTAL", yaml: "timeouts.total", .seconds, default: .seconds(600), "The whole request")
  static let clientHeaderTimeout = Setting(
    "WEIR_TIMEOUT_HEADER", yaml: "timeouts.header", .seconds, default: .seconds(10),
    "Until a client has sent its request's head")
  static let clientIdleTimeout = Setting(
    "WEIR_TIMEOUT_CLIENT_IDLE", yaml: "timeouts.client_idle", .seconds, default: .seconds(75),
    "Between two requests on a client's connection that is kept alive")
  static let drain = Setting(
    "WEIR_DRAIN_SECONDS", yaml: "drain_seconds", .secondsOrZero, default: .seconds(30),
    "How long SIGTERM waits for open requests; 0 does not wait")

  static let timeouts = [
    connectTimeout.entry, firstByteTimeout.entry, idleTimeout.entry, totalTimeout.entry,
    clientHeaderTimeout.entry, clientIdleTimeout.entry, drain.entry,
  ]
}
