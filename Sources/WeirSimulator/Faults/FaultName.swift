/// Every fault the simulator knows, by its name in a specification.
enum FaultName: String, CaseIterable, Sendable {
  case status
  case retryAfter = "retry-after"
  case retryAfterMs = "retry-after-ms"
  case rateLimitReset = "ratelimit-reset"
  case delay
  case stall
  case cut
  case cutRst = "cut-rst"
  case reset
  case errorEvent = "error-event"
  case errorChoice = "error-choice"
  case malformed
  case garbage
  case drip
  case huge
  case noDone = "no-done"
  case noUsage = "no-usage"
  case usageOnDemand = "usage-on-demand"
  case early
  case short
  case html
  case badChunk = "bad-chunk"
  case badGzip = "bad-gzip"
  case endlessHeaders = "endless-headers"
  case informational
  case trailers
  case cr
  case crlf
  case noData = "no-data"
  case bigEvent = "big-event"
  case gap
  case close
  case context
  case header

  /// What may stand after `=`.
  enum Value: Equatable {
    /// `1` (on), `0` (off) or nothing (on).
    case flag
    case number(ClosedRange<Int>)
    case text
    /// `NAME:VALUE`.
    case field
  }

  /// A day in milliseconds: waits beyond it are taken for a slip of the pen.
  private static let longestWait = 86_400_000
  /// Most content bytes that `huge` and `big-event` make: they are held in memory.
  private static let mostContent = 256 * 1024 * 1024

  var value: Value {
    switch self {
    case .status: .number(200...999)
    case .early: .number(0...999)
    case .retryAfter, .retryAfterMs, .rateLimitReset: .text
    case .header: .field
    case .delay, .drip, .gap: .number(0...FaultName.longestWait)
    case .huge, .bigEvent: .number(0...FaultName.mostContent)
    case .informational: .number(0...1000)
    case .stall, .cut, .cutRst, .errorEvent, .malformed, .short, .context: .number(0...Int.max / 2)
    case .reset, .errorChoice, .garbage, .noDone, .noUsage, .usageOnDemand, .html, .badChunk, .badGzip, .endlessHeaders,
      .trailers, .cr, .crlf, .noData, .close:
      .flag
    }
  }
}
