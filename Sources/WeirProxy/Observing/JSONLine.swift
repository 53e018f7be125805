import WeirPolicy
import WeirWire

/// Builds one JSON object on one line, field by field.
///
/// Every request has a line of two dozen fields, so a field is one look at the room and one run of stores: appending
/// piece by piece, each of which looks anew, took four times as long.
struct JSONLine {
  /// The line up to `count`; behind that anything.
  private var room: [UInt8]
  private var count = 1

  init(capacity: Int = 512) {
    room = Array(repeating: 0, count: max(capacity, 2))
    room[0] = UInt8(ascii: "{")
  }

  /// Begins another line in the same room, unless that is large.
  mutating func begin() {
    if room.count > Self.keptBytes { self = JSONLine() }
    count = 1
  }

  private static let keptBytes = 16 * 1024

  mutating func add(_ name: StaticString, _ value: String) {
    let before = count
    var isPlain = true
    unsafe put(name, atMost: value.utf8.count + 2) { place in
      let length = value.utf8.count
      unsafe place[0] = UInt8(ascii: "\"")
      // Not `withUTF8`, which counts a reference more.
      unsafe value.utf8Span.span.withUnsafeBytes { text in
        guard let start = text.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(place + 1).copyMemory(from: start, byteCount: length)
        isPlain = unsafe Self.isPlain(text)
      }
      unsafe place[length + 1] = UInt8(ascii: "\"")
      return length + 2
    }
    guard !isPlain else { return }
    // Seldom; written over.
    count = before
    add(name, json: JSONText.quoted(value).utf8)
  }

  /// A name that is not known when the program is built.
  mutating func addMember(_ name: String, _ value: String) { addMember(name, json: JSONText.quoted(value).utf8) }

  /// A value that is JSON already, under a name that is not known when the program is built.
  mutating func addMember(_ name: String, json: some Sequence<UInt8>) {
    append(((count > 1 ? "," : "") + JSONText.quoted(name) + ":").utf8)
    append(json)
  }

  mutating func add(_ name: StaticString, _ value: Int) {
    unsafe put(name, atMost: Digits.longest) { unsafe Digits.write(value, to: $0) }
  }

  mutating func add(_ name: StaticString, _ value: Bool) {
    let text: StaticString = value ? "true" : "false"
    unsafe put(name, atMost: 5) { place in
      unsafe place.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
      return text.utf8CodeUnitCount
    }
  }

  /// Milliseconds with three decimals.
  mutating func add(_ name: StaticString, nanoseconds: Int64) {
    unsafe put(name, atMost: Digits.longest) { unsafe Digits.write(milliseconds: nanoseconds, to: $0) }
  }

  /// A value that is JSON already.
  mutating func add(_ name: StaticString, json: some Sequence<UInt8>) {
    unsafe put(name, atMost: 0) { _ in 0 }
    append(json)
  }

  /// The id of a trace.
  mutating func add(_ name: StaticString, _ trace: TraceContext) {
    unsafe put(name, atMost: 34) { place in
      unsafe place[0] = UInt8(ascii: "\"")
      unsafe trace.write(to: UnsafeMutableRawPointer(place + 1))
      unsafe place[33] = UInt8(ascii: "\"")
      return 34
    }
  }

  /// The field that every log line begins with.
  mutating func addTime(_ moment: WallTime = WallClock.now()) {
    unsafe put("time", atMost: WallClock.timestampBytes + 2) { place in
      unsafe place[0] = UInt8(ascii: "\"")
      unsafe WallClock.writeTimestamp(moment, to: place + 1)
      unsafe place[WallClock.timestampBytes + 1] = UInt8(ascii: "\"")
      return WallClock.timestampBytes + 2
    }
  }

  consuming func finish() -> [UInt8] {
    close()
    room.removeLast(room.count - count)
    return room
  }

  /// Ends the line and calls with the whole of it; `begin` goes on.
  mutating func finish(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    close()
    unsafe room.withUnsafeBufferPointer { unsafe body(UnsafeBufferPointer(rebasing: $0[..<count])) }
  }

  private mutating func close() {
    makeRoom(1)
    room[count] = UInt8(ascii: "}")
    count += 1
  }

  /// Writes a name of printable ASCII, then what `value` puts into room for `atMost` bytes.
  ///
  /// - Parameter value: gives back how many bytes it wrote.
  @unsafe private mutating func put(
    _ name: StaticString, atMost: Int, _ value: (UnsafeMutablePointer<UInt8>) -> Int
  ) {
    let length = name.utf8CodeUnitCount
    makeRoom(length + 4 + atMost)
    let first = count
    count += unsafe room.withUnsafeMutableBufferPointer { room in
      guard var place = unsafe room.baseAddress.map({ unsafe $0 + first }) else { return 0 }
      let start = unsafe place
      if first > 1 {
        unsafe place[0] = UInt8(ascii: ",")
        unsafe place += 1
      }
      unsafe place[0] = UInt8(ascii: "\"")
      unsafe (place + 1).update(from: name.utf8Start, count: length)
      unsafe place[length + 1] = UInt8(ascii: "\"")
      unsafe place[length + 2] = UInt8(ascii: ":")
      unsafe place += length + 3
      return unsafe place - start + value(place)
    }
  }

  private mutating func append(_ bytes: some Sequence<UInt8>) {
    let isTaken: Void? = bytes.withContiguousStorageIfAvailable { unsafe append($0) }
    if isTaken == nil { unsafe Array(bytes).withUnsafeBufferPointer { unsafe append($0) } }
  }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    makeRoom(bytes.count)
    let first = count
    unsafe room.withUnsafeMutableBufferPointer { room in
      guard let place = room.baseAddress, let start = bytes.baseAddress else { return }
      unsafe (place + first).update(from: start, count: bytes.count)
    }
    count += bytes.count
  }

  private mutating func makeRoom(_ bytes: Int) {
    guard room.count - count < bytes else { return }
    room.append(contentsOf: repeatElement(0, count: max(room.count, bytes)))
  }

  /// Whether the text needs no escapes (RFC 8259, section 7).
  private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var (index, special) = (0, UInt64(0))
    // Most texts are too short for the processor's vectors to be worth it.
    while index + 8 <= bytes.count {
      special |= unsafe specialBytes(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    // Spaces fill the rest.
    var rest: UInt64 = 0x2020_2020_2020_2020
    while index < bytes.count {
      rest = unsafe rest << 8 | UInt64(bytes[index])
      index += 1
    }
    return special | specialBytes(rest) == 0
  }

  /// Not zero where one of eight bytes is below 0x20, a quote or a backslash; 0x80 at its place
  /// (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord).
  private static func specialBytes(_ word: UInt64) -> UInt64 {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let isControl = (word &- (ones &* 0x20)) & ~word
    let isQuote = (quotes &- ones) & ~quotes
    let isBackslash = (backslashes &- ones) & ~backslashes
    return (isControl | isQuote | isBackslash) & tops
  }
}
