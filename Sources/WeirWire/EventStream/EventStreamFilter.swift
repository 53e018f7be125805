/// Lets server-sent events through one by one, so that some can be left out or replaced; bytes come in any pieces, and
/// those of events that pass go out as they came. Comments and empty lines between events pass at once. An event is
/// held until it is whole, up to a bound. Plain value, for one thread.
struct EventStreamFilter {
  /// What becomes of one event.
  enum Verdict: Equatable {
    case pass
    case drop
    /// These bytes take its place: whole events, with the empty line at their ends.
    case replace([UInt8])
  }

  private enum Place {
    /// No event and no comment is half read.
    case between
    /// In a comment that stands between events.
    case comment
    case event
    /// In an event that is longer than may be held.
    case overlong(passes: Bool)
  }

  private let maximumEventBytes: Int
  private var place = Place.between
  /// The event in progress, as it came.
  private var held: [UInt8] = []
  /// The line in progress has no byte yet.
  private var lineIsEmpty = true
  /// The last byte was a CR, whose LF may follow and shares its fate.
  private var endedWithReturn = false
  private var returnWentOut = true
  /// The stream is over, and what went out last is an event without its end.
  private var endsInEvent = false

  /// - Parameter maximumEventBytes: what one event may take, its line ends included.
  init(maximumEventBytes: Int) {
    self.maximumEventBytes = maximumEventBytes
  }

  /// True when an event written to the client now would stand by itself.
  var isAtEventBoundary: Bool {
    switch place {
    case .between, .event: !endsInEvent
    case .comment: false
    case .overlong(let passes): !passes
    }
  }

  /// Bytes that wait for the end of their event.
  var heldBytes: Int { held.count }

  /// Reads the next bytes.
  ///
  /// - Parameters:
  ///   - judge: decides on an event by its name and data, both valid only during the call.
  ///   - overlong: decides on an event that is too long to be held.
  ///   - emit: takes what goes out, valid only during the call.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer,
    judge: (_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> Verdict,
    overlong: () -> Verdict, emit: (UnsafeRawBufferPointer) -> Void
  ) {
    var position = 0
    while position < bytes.count {
      if endedWithReturn {
        endedWithReturn = false
        if unsafe bytes[position] == UInt8(ascii: "\n") {
          unsafe follow(bytes, position, emit)
          position += 1
          continue
        }
      }
      if case .between = place {
        let byte = unsafe bytes[position]
        guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
          place = byte == UInt8(ascii: ":") ? .comment : .event
          lineIsEmpty = true
          continue
        }
      }
      let end = unsafe lineEnd(in: bytes, from: position)
      let next = end.map { $0 + 1 } ?? bytes.count
      unsafe take(bytes, position..<next, line: end, judge, overlong, emit)
      position = next
    }
  }

  /// The stream is over: what is held goes out as it is judged, as client libraries read it.
  mutating func finish(
    judge: (_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> Verdict,
    emit: (UnsafeRawBufferPointer) -> Void
  ) {
    guard !held.isEmpty else { return }
    unsafe endEvent(judge, emit)
    endsInEvent = returnWentOut
  }

  private func lineEnd(in bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
    let feed = unsafe bytes.position(of: UInt8(ascii: "\n"), in: position..<bytes.count)
    return unsafe bytes.position(of: UInt8(ascii: "\r"), in: position..<(feed ?? bytes.count)) ?? feed
  }

  /// The LF of a CRLF goes where its CR went.
  private mutating func follow(
    _ bytes: UnsafeRawBufferPointer, _ position: Int, _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    if case .event = place {
      held.append(UInt8(ascii: "\n"))
    } else if returnWentOut {
      unsafe emit(UnsafeRawBufferPointer(rebasing: bytes[position..<position + 1]))
    }
  }

  /// Takes a line, or the part of one that has come.
  ///
  /// - Parameter line: where it ends; nil while it goes on.
  private mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, line end: Int?,
    _ judge: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer) -> Verdict, _ overlong: () -> Verdict,
    _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    let endsEvent = lineIsEmpty && end == range.lowerBound
    lineIsEmpty = end != nil
    if let end { endedWithReturn = unsafe bytes[end] == UInt8(ascii: "\r") }
    let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    switch place {
    case .between, .comment:
      unsafe emit(part)
      returnWentOut = true
      if end != nil { place = .between }
    case .overlong(let passes):
      if passes { unsafe emit(part) }
      returnWentOut = passes
      if endsEvent { place = .between }
    case .event:
      unsafe held.append(contentsOf: part)
      if endsEvent {
        unsafe endEvent(judge, emit)
      } else if held.count > maximumEventBytes {
        unsafe giveUp(overlong(), emit)
      }
    }
  }

  private mutating func endEvent(
    _ judge: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer) -> Verdict, _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    var verdict = Verdict.pass
    var reader = EventStreamReader(maximumEventBytes: held.count)
    unsafe held.withUnsafeBytes { bytes in
      unsafe reader.read(bytes) { verdict = unsafe judge($0, $1) }
      unsafe reader.finish { verdict = unsafe judge($0, $1) }
      if verdict == .pass { unsafe emit(bytes) }
    }
    if case .replace(let event) = verdict { unsafe event.withUnsafeBytes { unsafe emit($0) } }
    returnWentOut = verdict == .pass
    held.removeAll(keepingCapacity: held.capacity <= 16_384)
    place = .between
  }

  private mutating func giveUp(_ verdict: Verdict, _ emit: (UnsafeRawBufferPointer) -> Void) {
    switch verdict {
    case .pass: unsafe held.withUnsafeBytes { unsafe emit($0) }
    case .replace(let event): unsafe event.withUnsafeBytes { unsafe emit($0) }
    case .drop: break
    }
    held = []
    place = .overlong(passes: verdict == .pass)
  }
}
