import WeirWire

/// One event as handed out, copied.
struct StreamEvent: Equatable {
  var name: String?
  var data: String
}

/// The events of bytes that come in these parts, and whether the reader then stood at a boundary.
func events(
  in parts: [ArraySlice<UInt8>], maximumEventBytes: Int = 1 << 20
) -> (events: [StreamEvent], isAtBoundary: Bool) {
  var reader = EventStreamReader(maximumEventBytes: maximumEventBytes)
  var seen: [StreamEvent] = []
  for part in parts {
    unsafe part.withUnsafeBytes { bytes in
      unsafe reader.read(bytes) { name, data in
        let name = unsafe name.map { unsafe String(decoding: $0, as: UTF8.self) }
        unsafe seen.append(StreamEvent(name: name, data: String(decoding: data, as: UTF8.self)))
      }
    }
  }
  return (seen, reader.isAtEventBoundary)
}

func events(in text: String, maximumEventBytes: Int = 1 << 20) -> [StreamEvent] {
  events(in: [Array(text.utf8)[...]], maximumEventBytes: maximumEventBytes).events
}
