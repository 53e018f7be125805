/// How far back a report reaches: what `--since` takes.
public struct LedgerSpan: Sendable, Equatable {
  /// Milliseconds back from now; nil reaches to the first row.
  public let milliseconds: Int64?

  /// Beyond a thousand years it is a slip, and the sum with the clock has to fit.
  private static let longest: Int64 = 31_557_600_000_000

  /// Reads a number with `s`, `m`, `h`, `d` or `w`, or `all`; nil for anything else.
  public init?(_ text: String) {
    if text == "all" {
      milliseconds = nil
      return
    }
    let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count > 0 else { return nil }
    let (span, isTooLong) = count.multipliedReportingOverflow(by: unit)
    guard !isTooLong, span <= Self.longest else { return nil }
    milliseconds = span
  }

  /// Where the report begins, in milliseconds since 1970 UTC; nil at the first row.
  public func start(nowMilliseconds now: Int64) -> Int64? {
    milliseconds.map { now.subtractingReportingOverflow($0).partialValue }
  }
}

/// A name in a list of dimensions that is none, or that comes twice.
public struct UnknownDimension: Error, Sendable, Equatable {
  /// As it was written.
  public let name: String
}

extension LedgerDimension {
  /// Reads names joined by commas: what `--by` takes.
  public static func list(_ text: String) throws(UnknownDimension) -> [LedgerDimension] {
    var list: [LedgerDimension] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(name.drop { $0 == " " })
      guard let dimension = LedgerDimension(rawValue: name), !list.contains(dimension) else {
        throw UnknownDimension(name: name)
      }
      list.append(dimension)
    }
    return list
  }
}
