import Glibc

/// A moment of wall time.
struct WallTime {
  /// Whole seconds since the epoch.
  let wholeSeconds: Int
  /// Beyond those.
  let nanoseconds: Int

  /// Seconds since the epoch.
  var seconds: Double { Double(wholeSeconds) + Double(nanoseconds) / 1e9 }

  /// Milliseconds since the epoch.
  var milliseconds: Int64 { Int64(wholeSeconds) * 1000 + Int64(nanoseconds) / 1_000_000 }
}

/// The time of day; read in this file only.
public enum WallClock {
  /// This moment, for whoever needs it more than once.
  static func now() -> WallTime {
    let now = read()
    return WallTime(wholeSeconds: now.tv_sec, nanoseconds: now.tv_nsec)
  }

  /// Seconds since the epoch.
  public static func seconds() -> Double {
    let now = read()
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// Milliseconds since the epoch.
  static func milliseconds() -> Int64 {
    let now = read()
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// Whole seconds of a clock that nobody sets.
  static func monotonicSeconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec)
  }

  /// Whole seconds since the epoch, by the kernel's last tick: up to 10 ms late, and five times as fast to read.
  static func wholeSeconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME_COARSE, &now)
    return Int64(now.tv_sec)
  }

  /// Bytes of a timestamp.
  static let timestampBytes = 24

  /// Appends the time as RFC 3339 in UTC with milliseconds, `2026-11-21T07:30:24.123Z`.
  static func appendTimestamp(_ moment: WallTime = now(), to bytes: inout [UInt8]) {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: timestampBytes) { room in
      guard let start = room.baseAddress else { return }
      unsafe writeTimestamp(moment, to: start)
      unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: timestampBytes))
    }
  }

  /// Writes what `appendTimestamp` appends for a moment into room for `timestampBytes`.
  @unsafe static func writeTimestamp(_ moment: WallTime, to room: UnsafeMutablePointer<UInt8>) {
    unsafe writeTimestamp(seconds: moment.wholeSeconds, milliseconds: moment.nanoseconds / 1_000_000, to: room)
  }

  /// A time in seconds since the epoch as RFC 3339 text.
  static func timestamp(_ seconds: Double) -> String {
    let milliseconds = Int(max(0, min(seconds, 1e11)) * 1000)
    return unsafe String(unsafeUninitializedCapacity: timestampBytes) { text in
      guard let start = text.baseAddress else { return 0 }
      unsafe writeTimestamp(seconds: milliseconds / 1000, milliseconds: milliseconds % 1000, to: start)
      return timestampBytes
    }
  }

  @unsafe private static func writeTimestamp(
    seconds: Int, milliseconds: Int, to room: UnsafeMutablePointer<UInt8>
  ) {
    let date = CivilDate(secondsSinceEpoch: seconds)
    unsafe Digits.writePadded(date.year, width: 4, to: room)
    unsafe room[4] = UInt8(ascii: "-")
    unsafe Digits.writePadded(date.month, width: 2, to: room + 5)
    unsafe room[7] = UInt8(ascii: "-")
    unsafe Digits.writePadded(date.day, width: 2, to: room + 8)
    unsafe room[10] = UInt8(ascii: "T")
    unsafe Digits.writePadded(date.secondOfDay / 3600, width: 2, to: room + 11)
    unsafe room[13] = UInt8(ascii: ":")
    unsafe Digits.writePadded(date.secondOfDay / 60 % 60, width: 2, to: room + 14)
    unsafe room[16] = UInt8(ascii: ":")
    unsafe Digits.writePadded(date.secondOfDay % 60, width: 2, to: room + 17)
    unsafe room[19] = UInt8(ascii: ".")
    unsafe Digits.writePadded(milliseconds, width: 3, to: room + 20)
    unsafe room[23] = UInt8(ascii: "Z")
  }

  private static func read() -> timespec {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return now
  }
}

/// A date of the Gregorian calendar, after Howard Hinnant's `civil_from_days`
/// (https://howardhinnant.github.io/date_algorithms.html).
struct CivilDate: Equatable {
  let year: Int
  let month: Int
  let day: Int
  let secondOfDay: Int

  init(secondsSinceEpoch seconds: Int) {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    secondOfDay = seconds - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}
