extension LedgerReport {
  /// Groups that a table shows; all are in JSON and CSV.
  static let tableRows = 50

  /// A table for a terminal of so many columns, names left and numbers right; at least one line long. Columns that say
  /// nothing about any row are left out, long names are cut.
  public func table(width: Int = 100) -> String {
    let columns = Self.columns.filter { column in column.isAlways || column.figure(total) != Figures.none }
    let shown = groups.prefix(Self.tableRows)
    let bodies = shown.map { group in columns.map { $0.figure(group.totals) } } + [columns.map { $0.figure(total) }]
    let numberWidths = columns.indices.map { place in
      bodies.reduce(columns[place].title.count) { max($0, $1[place].count) }
    }
    let names = Self.names(shown.map(\.values), query.dimensions)
    let layout = Layout(names, numberWidths, width)

    var lines = [layout.line(names.first ?? [], columns.map(\.title))]
    for (name, body) in zip(names.dropFirst(), bodies) { lines.append(layout.line(name, body)) }
    if let last = bodies.last { lines.append(layout.line(["total"], last)) }
    if groups.count > shown.count {
      lines.append("and \(groups.count - shown.count) more groups; --format csv has all")
    }
    return lines.joined(separator: "\n")
  }

  /// The titles first.
  private static func names(_ values: [[String?]], _ dimensions: [LedgerDimension]) -> [[String]] {
    [dimensions.map(\.rawValue)] + values.map { $0.map { $0.map(printable) ?? Figures.none } }
  }

  /// Users name themselves: what a terminal could take for a command is made visible.
  private static func printable(_ text: String) -> String {
    var printable = ""
    for scalar in text.unicodeScalars {
      if scalar.isControl {
        printable += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        printable.unicodeScalars.append(scalar)
      }
    }
    return printable
  }

  private struct Column: Sendable {
    let title: String
    var isAlways = true
    let figure: @Sendable (LedgerTotals) -> String
  }

  private static let columns: [Column] = [
    Column(title: "reqs") { $0.requests < 100_000 ? String($0.requests) : Figures.count($0.requests) },
    Column(title: "err") { Figures.share($0.errorShare) },
    Column(title: "p50") { Figures.duration($0.duration?.p50) },
    Column(title: "p95") { Figures.duration($0.duration?.p95) },
    Column(title: "p99") { Figures.duration($0.duration?.p99) },
    Column(title: "first", isAlways: false) { Figures.duration($0.firstToken?.p50) },
    Column(title: "in") { Figures.count($0.inputTokens) },
    Column(title: "out") { Figures.count($0.outputTokens) },
    Column(title: "cost") { Figures.dollars($0.costUSD) },
    Column(title: "saved", isAlways: false) { Figures.share($0.savingsShare) },
    Column(title: "tools", isAlways: false) { Figures.share($0.toolCallSuccess) },
    Column(title: "cache") { Figures.share($0.cacheHitShare) },
    Column(title: "liked", isAlways: false) { Figures.share($0.satisfaction) },
  ]
}

/// How wide each column of a table is, and how far they are apart.
private struct Layout {
  private let names: [Int]
  private let numbers: [Int]
  private let gap: String

  private static let shortestName = 8

  /// Two spaces apart where all fits, else one; the widest names give way where that does not do either.
  init(_ names: [[String]], _ numbers: [Int], _ width: Int) {
    var widths = (names.first ?? []).indices.map { place in
      names.reduce(0) { max($0, $1.indices.contains(place) ? $1[place].count : 0) }
    }
    if widths.isEmpty { widths = [0] }
    widths[0] = max(widths[0], "total".count)
    let texts = numbers.reduce(0, +)
    let gaps = widths.count + numbers.count - 1
    let gap = texts + widths.reduce(0, +) + 2 * gaps <= width ? 2 : 1
    let room = width - texts - gap * gaps
    while widths.reduce(0, +) > room, let widest = widths.max(), widest > Self.shortestName {
      if let place = widths.firstIndex(of: widest) { widths[place] -= 1 }
    }
    self.names = widths
    self.numbers = numbers
    self.gap = String(repeating: " ", count: gap)
  }

  func line(_ texts: [String], _ figures: [String]) -> String {
    let left = names.indices.map { place in
      let name = texts.indices.contains(place) ? texts[place] : ""
      let cut = name.count > names[place] ? String(name.prefix(names[place] - 1)) + "…" : name
      return cut + String(repeating: " ", count: names[place] - cut.count)
    }
    let right = zip(figures, numbers).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }
    return (left + right).joined(separator: gap)
  }
}
