import WeirWire

/// The reading of a reply whose bytes come in these parts.
func reading(
  _ endpoint: Endpoint, isEventStream: Bool, parts: [ArraySlice<UInt8>], json: JSONReader = JSONReader()
) -> ReplyReading {
  var meter = ReplyMeter(endpoint: endpoint, isEventStream: isEventStream, json: json)
  for part in parts { unsafe part.withUnsafeBytes { unsafe meter.read($0) } }
  meter.finish()
  return meter.reading
}

/// The reading of a plain reply.
func plain(_ endpoint: Endpoint, _ text: String) -> ReplyReading {
  reading(endpoint, isEventStream: false, parts: [Array(text.utf8)[...]])
}

/// The reading of a stream whose events have these data.
func stream(_ endpoint: Endpoint, _ data: [String]) -> ReplyReading {
  let text = data.map { "data: \($0)\n\n" }.joined()
  return reading(endpoint, isEventStream: true, parts: [Array(text.utf8)[...]])
}
