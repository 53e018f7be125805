/// Numbers for people: at most six characters, three or four digits that matter.
enum Figures {
  static let none = "-"

  /// `950`, `12.3k`, `1.2M`.
  static func count(_ number: Int64) -> String {
    var rest = Double(number)
    guard rest >= 10_000 else { return String(number) }
    for unit in ["k", "M", "G", "T"] {
      rest /= 1_000
      if rest < 999.5 { return short(rest) + unit }
    }
    return short(rest / 1_000) + "P"
  }

  /// `850us`, `12ms`, `1.2s`, `3.5m`, `1.1h`.
  static func duration(_ microseconds: Int64?) -> String {
    guard let microseconds else { return none }
    let seconds = Double(microseconds) / 1_000_000
    if microseconds < 1_000 { return "\(microseconds)us" }
    if seconds < 0.9995 { return "\(Int64((seconds * 1_000).rounded()))ms" }
    if seconds < 99.95 { return short(seconds) + "s" }
    return seconds < 5_970 ? short(seconds / 60) + "m" : short(seconds / 3_600) + "h"
  }

  /// `0.3%`, `100%`.
  static func share(_ share: Double?) -> String {
    guard let share, share.isFinite else { return none }
    let percent = share * 100
    return (abs(percent) < 99.95 ? short(percent) : count(Int64(min(max(percent, -1e9), 1e9).rounded()))) + "%"
  }

  /// `$0.0012`, `$12.34`, `$1234`, `$12.3k`.
  static func dollars(_ dollars: Double) -> String {
    guard dollars.isFinite else { return none }
    let sign = dollars < 0 ? "-" : ""
    let amount = abs(dollars)
    if amount == 0 { return "$0" }
    if amount < 0.000_05 { return "\(sign)<$0.0001" }
    if amount < 0.995 { return "\(sign)$\(fixed(amount, 4))" }
    if amount < 999.995 { return "\(sign)$\(fixed(amount, 2))" }
    return "\(sign)$\(count(Int64(min(amount, 1e17).rounded())))"
  }

  /// One decimal below 100, none above.
  private static func short(_ number: Double) -> String {
    abs(number) < 99.95 ? fixed(number, 1) : String(Int64(number.rounded()))
  }

  private static func fixed(_ number: Double, _ decimals: Int) -> String {
    var unit: Int64 = 1
    for _ in 0..<decimals { unit *= 10 }
    let scaled = Int64((min(max(number, -1e12), 1e12) * Double(unit)).rounded())
    let fraction = String(scaled.magnitude % UInt64(unit))
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt64(unit)).\(zeros)\(fraction)"
  }
}
