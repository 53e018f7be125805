/// Reads server-sent events from bytes that come in any pieces (WHATWG HTML, "Server-sent events", interpreting an
/// event stream): lines end with LF, CRLF or CR, a leading byte order mark is ignored, `data` lines join with LF.
/// Memory is bounded: an event above the maximum is skipped to its end. Plain value, for one thread.
public struct EventStreamReader {
  private let maximumEventBytes: Int
  /// With room for the longest field name, so that a split line is judged as a whole one is.
  private var maximumLineBytes: Int { maximumEventBytes + "event: ".utf8.count }

  /// The line in progress, where earlier pieces held its start; comments are not kept.
  private var line: [UInt8] = []
  private var lineHasBegun = false
  private var lineIsComment = false
  /// The last byte was a CR, whose LF may follow.
  private var endedWithReturn = false
  /// Bytes of a byte order mark seen at the very start; nil once the start is over.
  private var markBytes: Int? = 0

  private var name: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var eventHasBegun = false
  /// What looks at an event that is too long; nil beside one.
  private var scan: UsageScan?
  private var isSkipping: Bool { scan != nil }

  /// - Parameter maximumEventBytes: what one event's data may take; a longer one is skipped.
  public init(maximumEventBytes: Int = 1 << 20) {
    self.maximumEventBytes = maximumEventBytes
  }

  /// True when an event written to the stream now would stand by itself: no line and no event is half read.
  public var isAtEventBoundary: Bool { !lineHasBegun && !eventHasBegun && (markBytes ?? 0) == 0 }

  /// The data of the event in progress, nil without any, and the line in progress; nil where not all is kept.
  var partsOfOpenEvent: (data: [UInt8]?, line: [UInt8]?, isComment: Bool)? {
    guard !isSkipping, (markBytes ?? 0) == 0 else { return nil }
    return (hasData ? data : nil, lineHasBegun ? line : nil, lineIsComment)
  }

  /// Reads the next bytes and hands out each event that they complete.
  ///
  /// - Parameter event: called with the event's name (nil when it has none) and its data, both valid only during the
  ///   call.
  public mutating func read(
    _ bytes: UnsafeRawBufferPointer,
    _ event: (_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> Void
  ) {
    unsafe read(bytes, event: event, skipped: { _, _ in })
  }

  /// As ``read(_:_:)``; `skipped` is called with the name of each event that was too long, and an object with nothing but
  /// the `usage` that was found in it.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer,
    event: (_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> Void,
    skipped: (_ name: UnsafeRawBufferPointer?, _ usage: [UInt8]?) -> Void
  ) {
    var position = unsafe skipMark(bytes)
    // A `data` line that lies whole in `bytes`, not copied as long as it is the event's only one.
    var direct: Range<Int>?
    while position < bytes.count {
      if endedWithReturn {
        endedWithReturn = false
        if unsafe bytes[position] == UInt8(ascii: "\n") {
          position += 1
          continue
        }
      }
      guard let end = unsafe lineEnd(in: bytes, from: position) else {
        unsafe keep(bytes, position..<bytes.count)
        break
      }
      endedWithReturn = unsafe bytes[end] == UInt8(ascii: "\r")
      let content = position..<end
      position = end + 1
      if lineHasBegun {
        unsafe keep(bytes, content)
        if let range = direct.take() { unsafe appendData(bytes, range) }
        unsafe endKeptLine(event, skipped)
      } else if content.isEmpty {
        unsafe dispatch(bytes, direct.take(), event, skipped)
      } else {
        unsafe field(bytes, content, direct: &direct)
      }
    }
    if let direct { unsafe appendData(bytes, direct) }
  }

  /// Hands out an event whose closing empty line is missing at the stream's end. The standard drops it; client
  /// libraries do not, so what is measured should not either.
  mutating func finish(_ event: (_ name: UnsafeRawBufferPointer?, _ data: UnsafeRawBufferPointer) -> Void) {
    if lineHasBegun { unsafe endKeptLine(event, { _, _ in }) }
    unsafe dispatch(UnsafeRawBufferPointer(start: nil, count: 0), nil, event, { _, _ in })
  }

  // MARK: Lines

  /// Passes over a byte order mark at the stream's start; what only looked like one is kept as the line's start.
  private mutating func skipMark(_ bytes: UnsafeRawBufferPointer) -> Int {
    let mark: [3 of UInt8] = [0xef, 0xbb, 0xbf]
    var position = 0
    while let seen = markBytes, position < bytes.count {
      if unsafe bytes[position] == mark[seen] {
        position += 1
        markBytes = seen == 2 ? nil : seen + 1
      } else {
        markBytes = nil
        for index in 0..<seen { line.append(mark[index]) }
        lineHasBegun = seen > 0
      }
    }
    return position
  }

  private func lineEnd(in bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
    let feed = unsafe bytes.position(of: UInt8(ascii: "\n"), in: position..<bytes.count)
    return unsafe bytes.position(of: UInt8(ascii: "\r"), in: position..<(feed ?? bytes.count)) ?? feed
  }

  /// Keeps part of a line until its end comes.
  private mutating func keep(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    if !lineHasBegun, let first = range.first { lineIsComment = unsafe bytes[first] == UInt8(ascii: ":") }
    lineHasBegun = true
    guard !lineIsComment else { return }
    if isSkipping || line.count + range.count > maximumLineBytes {
      unsafe skip(bytes[range])
    } else {
      unsafe line.append(contentsOf: bytes[range])
    }
  }

  private mutating func endKeptLine(
    _ event: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer) -> Void,
    _ skipped: (UnsafeRawBufferPointer?, [UInt8]?) -> Void
  ) {
    let isComment = lineIsComment
    lineHasBegun = false
    lineIsComment = false
    guard !isComment, !line.isEmpty else { return }
    let kept = line
    line.removeAll(keepingCapacity: false)
    unsafe kept.withUnsafeBytes { bytes in
      var direct: Range<Int>?
      unsafe field(bytes, 0..<bytes.count, direct: &direct)
      if let direct { unsafe appendData(bytes, direct) }
    }
  }

  // MARK: Fields

  /// Takes one line that is not empty.
  private mutating func field(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, direct: inout Range<Int>?) {
    let colon = unsafe bytes.position(of: UInt8(ascii: ":"), in: line)
    guard colon != line.lowerBound else { return }
    eventHasBegun = true
    let key = line.lowerBound..<(colon ?? line.upperBound)
    var start = min(key.upperBound + 1, line.upperBound)
    if start < line.upperBound, unsafe bytes[start] == UInt8(ascii: " ") { start += 1 }
    let value = start..<line.upperBound
    guard !isSkipping, line.count <= maximumLineBytes, value.count <= maximumEventBytes else {
      return unsafe skip(bytes[value])
    }
    if unsafe bytes[key].elementsEqual("data".utf8) {
      if let earlier = direct.take() { unsafe appendData(bytes, earlier) }
      if hasData { unsafe appendData(bytes, value) } else { direct = value }
    } else if unsafe bytes[key].elementsEqual("event".utf8) {
      name.removeAll(keepingCapacity: true)
      unsafe name.append(contentsOf: bytes[value])
    }
  }

  private mutating func appendData(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard !isSkipping, data.count + range.count + (hasData ? 1 : 0) <= maximumEventBytes else {
      return unsafe skip(bytes[range])
    }
    if hasData { data.append(UInt8(ascii: "\n")) }
    unsafe data.append(contentsOf: bytes[range])
    hasData = true
  }

  /// Keeps no more of the event, which is too long, than its name and what the scan finds.
  private mutating func skip(_ bytes: Slice<UnsafeRawBufferPointer>) {
    eventHasBegun = true
    var scan = self.scan.take() ?? UsageScan()
    for part in [data, line] where !part.isEmpty { unsafe part.withUnsafeBytes { unsafe scan.take($0) } }
    unsafe scan.take(UnsafeRawBufferPointer(rebasing: bytes))
    self.scan = scan
    line = []
    data = []
  }

  // MARK: Events

  private mutating func dispatch(
    _ bytes: UnsafeRawBufferPointer, _ direct: Range<Int>?,
    _ event: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer) -> Void,
    _ skipped: (UnsafeRawBufferPointer?, [UInt8]?) -> Void
  ) {
    guard eventHasBegun else { return }
    unsafe name.withUnsafeBytes { nameBytes in
      let name = unsafe nameBytes.isEmpty ? nil : nameBytes
      if let scan {
        unsafe skipped(name, scan.document)
      } else if let direct {
        unsafe event(name, UnsafeRawBufferPointer(rebasing: bytes[direct]))
      } else if hasData {
        unsafe data.withUnsafeBytes { unsafe event(name, $0) }
      }
    }
    name.removeAll(keepingCapacity: true)
    data.removeAll(keepingCapacity: data.capacity <= 16_384)
    hasData = false
    eventHasBegun = false
    scan = nil
  }
}
