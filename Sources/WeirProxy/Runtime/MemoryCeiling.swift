import WeirConfiguration
import WeirStore

/// The most memory that requests can hold, part by part: every queue and buffer has a bound, and what is beyond it is
/// refused. Logged at start.
struct MemoryCeiling: Equatable {
  /// Bodies of JSON APIs and the replies that the meter keeps, and as much again for the copies that edits make.
  let bodies: Int
  /// What reading one body needs for a moment, on every event loop.
  let parsing: Int
  /// Heads, decoder and socket buffers of client connections.
  let connections: Int
  /// Reply buffers and waiting upload bytes of requests in flight.
  let inFlight: Int
  /// Log lines that wait for a slow reader.
  let log: Int
  /// Calls of the store that sidecars share, their answers, and kept replies on their way there; 0 where nothing is shared.
  let store: Int

  /// A connection's read buffer, what one read may leave waiting, and its reply up to the high-water mark.
  private static let connectionBuffers = 3 * 64 * 1024
  /// The transfer's receive and send buffers, one batch, the meter's bounded event, and the upload's high mark.
  /// A body that is there whole has a send buffer of 256 KiB, and nothing that waits.
  private static let exchangeBuffers = 16 * 1024 + 64 * 1024 + 64 * 1024 + 1024 * 1024 + 256 * 1024

  /// The JSON index takes up to four bytes for each of the body, and a copy of a tiny part.
  private static let parsingFactor = 4

  init(_ limits: Configuration.Limits, loops: Int, isShared: Bool) {
    bodies = Self.product(limits.maxBufferedBytes, 2)
    parsing = Self.product(Self.product(limits.maxBodyBytes, Self.parsingFactor), loops)
    connections = Self.product(limits.maxConnections, limits.maxHeaderBytes + Self.connectionBuffers)
    inFlight = Self.product(limits.maxInFlight, Self.exchangeBuffers)
    log = LogSink.maximumBytes
    store = isShared ? SharedStore.memoryBound + FleetCache.maximumWaiting : 0
  }

  var total: Int {
    [bodies, parsing, connections, inFlight, log, store].reduce(0) { sum, part in
      let (result, overflow) = sum.addingReportingOverflow(part)
      return overflow ? .max : result
    }
  }

  private static func product(_ left: Int, _ right: Int) -> Int {
    let (result, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : result
  }
}
