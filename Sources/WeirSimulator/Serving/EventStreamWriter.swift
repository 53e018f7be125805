/// Server-sent events as bytes (WHATWG HTML, 9.2), with the line end of the faults.
struct EventStreamWriter: Sendable {
  let lineEnd: [UInt8]

  init(faults: Faults) {
    lineEnd = faults.carriageReturn ? [0x0D] : faults.carriageReturnLineFeed ? [0x0D, 0x0A] : [0x0A]
  }

  func bytes(of event: ServerEvent) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(event.data.count + 64)
    if let name = event.name {
      bytes.append(contentsOf: "event: \(name)".utf8)
      bytes.append(contentsOf: lineEnd)
    }
    bytes.append(contentsOf: "data: ".utf8)
    bytes.append(contentsOf: event.data)
    bytes.append(contentsOf: lineEnd)
    bytes.append(contentsOf: lineEnd)
    return bytes
  }

  /// One line and the empty line after it.
  func bytes(ofLine line: String) -> [UInt8] { Array(line.utf8) + lineEnd + lineEnd }
}
