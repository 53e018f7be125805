/// What makes two registrations the same family: name, kind, label names and buckets (not the help text).
struct FamilyShape: Sendable, Equatable {
  enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  let kind: Kind
  /// The name of the family in OpenMetrics: a counter's name without `_total`.
  let family: String
  let labels: [String]
  /// A histogram's upper bounds, ascending, without the infinite one; empty otherwise.
  let bounds: [Double]

  /// `name`: as exposed in text 0.0.4. A counter's missing `_total` is added, for OpenMetrics demands it.
  /// Bounds are sorted and made unique; negative, infinite and undefined ones mean nothing here and go.
  init(kind: Kind, name: String, labels: [String], bounds: [Double] = []) {
    self.kind = kind
    self.labels = labels
    let isTotal = kind == .counter && name.hasSuffix(Self.totalSuffix)
    family = isTotal ? String(name.dropLast(Self.totalSuffix.count)) : name
    // Adding zero turns a negative zero into the usual one.
    self.bounds = Set(bounds.filter { $0.isFinite && $0 >= 0 }.map { $0 + 0 }).sorted()
  }

  /// The name before the braces of a sample, without a histogram's further suffixes.
  var sampleName: String { kind == .counter ? family + Self.totalSuffix : family }

  /// Every name that this family's exposition may use in either format; no two families may share one.
  var claimedNames: [String] {
    switch kind {
    case .gauge: [family]
    case .counter: [family, family + Self.totalSuffix, family + "_created"]
    case .histogram: [family] + ["_bucket", "_count", "_sum", "_created"].map { family + $0 }
    }
  }

  /// Why the family cannot be exposed, or nil (Prometheus data model, "Metric names and labels").
  var problem: String? {
    guard Self.isName(family, allowsColon: true) else {
      return "the name is not [a-zA-Z_:][a-zA-Z0-9_:]*"
    }
    var seen: Set<String> = []
    for label in labels {
      guard Self.isName(label, allowsColon: false) else {
        return "a label name is not [a-zA-Z_][a-zA-Z0-9_]*"
      }
      if label.hasPrefix("__") { return "label names that begin with __ are reserved" }
      if kind == .histogram, label == "le" { return "the label le belongs to the histogram's buckets" }
      guard seen.insert(label).inserted else { return "a label name is given twice" }
    }
    return nil
  }

  private static let totalSuffix = "_total"

  private static func isName(_ name: String, allowsColon: Bool) -> Bool {
    guard let first = name.utf8.first, !isDigit(first) else { return false }
    return name.utf8.allSatisfy { byte in
      isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
        || (allowsColon && byte == UInt8(ascii: ":"))
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
