@testable import WeirWire

/// A reply is read: how its bytes were cut on their way changes nothing, for events and for what is metered.
enum EventsTarget {
  private struct Event: Equatable {
    var name: [UInt8]?
    var data: [UInt8]?
  }

  static func check(_ bytes: [UInt8]) throws(Finding) {
    var cuts = Cuts(of: bytes)
    let pieces = cuts.pieces(of: bytes)
    for maximum in [16, 1 << 20] {
      let (whole, split) = (events(in: [bytes[...]], maximum), events(in: pieces, maximum))
      try expect(whole.events == split.events, "events differ when the stream is cut (bound \(maximum))")
      try expect(whole.isAtBoundary == split.isAtBoundary, "the event boundary differs when the stream is cut")
      for event in whole.events { try expect(event.data?.count ?? 0 <= maximum, "an event is above the bound") }
    }
    for endpoint in Endpoint.allCases {
      for isEventStream in [true, false] {
        try checkMeter(endpoint, isEventStream: isEventStream, bytes, pieces)
      }
    }
  }

  private static func events(
    in pieces: [ArraySlice<UInt8>], _ maximum: Int
  ) -> (events: [Event], isAtBoundary: Bool) {
    var reader = EventStreamReader(maximumEventBytes: maximum)
    var found: [Event] = []
    for piece in pieces {
      unsafe piece.withUnsafeBytes { bytes in
        unsafe reader.read(
          bytes,
          event: { unsafe found.append(Event(name: $0.map { unsafe Array($0) }, data: Array($1))) },
          skipped: { name, _ in unsafe found.append(Event(name: name.map { unsafe Array($0) }, data: nil)) })
      }
    }
    let isAtBoundary = reader.isAtEventBoundary
    unsafe reader.finish { unsafe found.append(Event(name: $0.map { unsafe Array($0) }, data: Array($1))) }
    return (found, isAtBoundary)
  }

  private static func checkMeter(
    _ endpoint: Endpoint, isEventStream: Bool, _ bytes: [UInt8], _ pieces: [ArraySlice<UInt8>]
  ) throws(Finding) {
    let whole = reading([bytes[...]], endpoint, isEventStream)
    let split = reading(pieces, endpoint, isEventStream)
    try expect(
      whole.reading == split.reading, "\(endpoint) is metered differently when cut: \(whole.reading), \(split.reading)")
    try expect(whole.calls == split.calls, "\(endpoint): tool calls differ when the reply is cut")
    if let usage = whole.reading.usage {
      let counts = [usage.input, usage.output, usage.cached, usage.reasoning]
      try expect(counts.allSatisfy { $0 >= 0 }, "\(endpoint): a count is negative: \(usage)")
      try expect(
        usage.cached <= usage.input && usage.reasoning <= usage.output,
        "\(endpoint): a part is above its whole: \(usage)")
    }
    if let cost = whole.reading.cost { try expect(cost >= 0 && cost.isFinite, "\(endpoint): the cost is \(cost)") }
  }

  private static func reading(
    _ pieces: [ArraySlice<UInt8>], _ endpoint: Endpoint, _ isEventStream: Bool
  ) -> (reading: ReplyReading, calls: [CollectedToolCall]) {
    var meter = ReplyMeter(endpoint: endpoint, isEventStream: isEventStream, collectsToolCalls: true)
    for piece in pieces {
      unsafe piece.withUnsafeBytes { unsafe meter.read($0) }
    }
    meter.finish()
    return (meter.reading, meter.takeToolCalls())
  }
}
