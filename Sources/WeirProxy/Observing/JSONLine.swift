import WeirWire

/// Builds one JSON object on one line, field by field.
struct JSONLine {
  private(set) var bytes: [UInt8]

  init(capacity: Int = 512) {
    bytes = []
    bytes.reserveCapacity(capacity)
    bytes.append(UInt8(ascii: "{"))
  }

  mutating func add(_ name: StaticString, _ value: String) {
    key(name)
    JSONText.appendQuoted(value, to: &bytes)
  }

  /// A name that is not known when the program is built.
  mutating func addMember(_ name: String, _ value: String) {
    separate()
    JSONText.appendQuoted(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    JSONText.appendQuoted(value, to: &bytes)
  }

  /// A value that is JSON already, under a name that is not known when the program is built.
  mutating func addMember(_ name: String, json: some Sequence<UInt8>) {
    separate()
    JSONText.appendQuoted(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(contentsOf: json)
  }

  mutating func add(_ name: StaticString, _ value: Int) {
    key(name)
    Digits.append(value, to: &bytes)
  }

  mutating func add(_ name: StaticString, _ value: Bool) {
    key(name)
    bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
  }

  /// Milliseconds with three decimals.
  mutating func add(_ name: StaticString, nanoseconds: Int64) {
    key(name)
    Digits.append(milliseconds: nanoseconds, to: &bytes)
  }

  /// A value that is JSON already.
  mutating func add(_ name: StaticString, json: some Sequence<UInt8>) {
    key(name)
    bytes.append(contentsOf: json)
  }

  consuming func finish() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  private mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func separate() {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
  }
}

/// Numbers as text without a detour through `String`.
enum Digits {
  static func append(_ value: Int, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    appendMagnitude(value.magnitude, to: &bytes)
  }

  /// `12.345` for 12,345,000 nanoseconds; times before their start count as 0.
  static func append(milliseconds nanoseconds: Int64, to bytes: inout [UInt8]) {
    let micro = UInt(max(nanoseconds, 0) / 1000)
    appendMagnitude(micro / 1000, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    let rest = micro % 1000
    bytes.append(UInt8(ascii: "0") + UInt8(rest / 100))
    bytes.append(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
    bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
  }

  static func appendPadded(_ value: Int, width: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<max(width, 1) { divisor *= 10 }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }

  private static func appendMagnitude(_ value: UInt, to bytes: inout [UInt8]) {
    if value >= 10 { appendMagnitude(value / 10, to: &bytes) }
    bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
  }
}
