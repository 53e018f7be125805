/// Numbers as text without a detour through `String`.
enum Digits {
  /// What `write` takes at most.
  static let longest = 24

  /// Writes a number into room for `longest` bytes.
  ///
  /// - Returns: how many it took.
  @unsafe static func write(_ value: Int, to room: UnsafeMutablePointer<UInt8>) -> Int {
    guard value < 0 else { return unsafe write(magnitude: value.magnitude, to: room) }
    unsafe room[0] = UInt8(ascii: "-")
    return unsafe 1 + write(magnitude: value.magnitude, to: room + 1)
  }

  /// Writes `12.345` for 12,345,000 nanoseconds into room for `longest` bytes; times before their start count as 0.
  ///
  /// - Returns: how many bytes it took.
  @unsafe static func write(milliseconds nanoseconds: Int64, to room: UnsafeMutablePointer<UInt8>) -> Int {
    let micro = UInt(max(nanoseconds, 0) / 1000)
    let count = unsafe write(magnitude: micro / 1000, to: room)
    unsafe room[count] = UInt8(ascii: ".")
    unsafe writePadded(Int(micro % 1000), width: 3, to: room + count + 1)
    return count + 4
  }

  /// Writes the last digits of a number that is not negative, with zeros before a shorter one.
  @unsafe static func writePadded(_ value: Int, width: Int, to room: UnsafeMutablePointer<UInt8>) {
    var rest = value.magnitude
    for place in stride(from: width - 1, through: 0, by: -1) {
      let tens = rest / 10
      unsafe room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest - tens * 10)
      rest = tens
    }
  }

  @unsafe private static func write(magnitude value: UInt, to room: UnsafeMutablePointer<UInt8>) -> Int {
    var (count, rest) = (1, value)
    while rest >= 10 {
      count += 1
      rest /= 10
    }
    rest = value
    for place in stride(from: count - 1, through: 0, by: -1) {
      let tens = rest / 10
      unsafe room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest - tens * 10)
      rest = tens
    }
    return count
  }

  /// Appends what `write(milliseconds:to:)` writes.
  static func append(milliseconds nanoseconds: Int64, to bytes: inout [UInt8]) {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { room in
      guard let start = room.baseAddress else { return }
      let count = unsafe write(milliseconds: nanoseconds, to: start)
      unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    }
  }
}
