/// The groups of a report while rows are counted.
struct LedgerGroups {
  private let dimensions: [LedgerDimension]
  private var places: [Key: Int] = [:]
  private var keys: [Key] = []
  private var totals: [LedgerTotals] = []
  private var durations = LedgerSamples()
  private var firstTokens = LedgerSamples()
  /// Reused for every row, so that a row allocates nothing.
  private var key = Key()

  /// A row's values, one after the other. Bytes and not texts: no text is made for a row whose group is known.
  private struct Key: Hashable {
    var bytes: [UInt8] = []

    // Byte by byte, as an array hashes itself, takes several times as long.
    func hash(into hasher: inout Hasher) {
      unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
  }

  /// Bytes that no UTF-8 has: the end of a value, and a value that is not there.
  private static let end: UInt8 = 0xFF
  private static let absent: UInt8 = 0xFE

  init(_ dimensions: [LedgerDimension]) { self.dimensions = dimensions }

  /// The SQL of the values that `place` reads.
  static func columns(_ dimensions: [LedgerDimension]) -> String {
    dimensions.map { $0.expression + ", " }.joined()
  }

  /// The SQL of what `add` reads.
  static func allColumns(_ dimensions: [LedgerDimension]) -> String {
    columns(dimensions) + "duration_us, first_token_us, " + LedgerTotals.columns
  }

  /// The group of the row that the statement stands on; the values begin at column 0.
  private mutating func place(of row: borrowing SQLiteStatement) -> Int {
    key.bytes.removeAll(keepingCapacity: true)
    for column in 0..<CInt(clamping: dimensions.count) {
      if row.isNull(column) { key.bytes.append(Self.absent) } else { row.append(column, to: &key.bytes) }
      key.bytes.append(Self.end)
    }
    if let place = places[key] { return place }
    places[key] = totals.count
    keys.append(key)
    totals.append(LedgerTotals())
    return totals.count - 1
  }

  mutating func add(_ row: borrowing SQLiteStatement) {
    let place = place(of: row)
    let first = CInt(clamping: dimensions.count)
    durations.add(row.integer(first), to: place)
    if !row.isNull(first + 1) { firstTokens.add(row.integer(first + 1), to: place) }
    totals[place].add(row, from: first + 2)
  }

  mutating func addVote(_ row: borrowing SQLiteStatement) {
    let isUp = row.firstByte(CInt(clamping: dimensions.count)) == UInt8(ascii: "u")
    totals[place(of: row)].add(vote: isUp)
  }

  /// With the groups in the order of `LedgerReport.groups`.
  func report(_ query: LedgerQuery) -> LedgerReport {
    var total = LedgerTotals()
    for totals in totals { total.add(totals) }
    total.duration = durations.percentiles
    total.firstToken = firstTokens.percentiles
    return LedgerReport(query: query, groups: dimensions.isEmpty ? [] : sortedGroups, total: total)
  }

  /// Places are sorted and not the groups, which are large.
  private var sortedGroups: [LedgerGroup] {
    let groups = groups
    return groups.indices.sorted { precedes(groups[$0], groups[$1]) }.map { groups[$0] }
  }

  private var groups: [LedgerGroup] {
    let durations = durations.percentiles(groups: totals.count)
    let firstTokens = firstTokens.percentiles(groups: totals.count)
    return totals.indices.map { place in
      var totals = totals[place]
      totals.duration = durations[place]
      totals.firstToken = firstTokens[place]
      return LedgerGroup(values: values(keys[place]), totals: totals)
    }
  }

  private func precedes(_ left: LedgerGroup, _ right: LedgerGroup) -> Bool {
    if dimensions.first == .day, let one = left.values.first, let two = right.values.first, one != two {
      return one ?? "" < two ?? ""
    }
    if left.totals.requests != right.totals.requests { return left.totals.requests > right.totals.requests }
    return left.values.lexicographicallyPrecedes(right.values) { $0 ?? "" < $1 ?? "" }
  }

  private func values(_ key: Key) -> [String?] {
    let parts = key.bytes.split(separator: Self.end, omittingEmptySubsequences: false)
    return zip(dimensions, parts).map { dimension, part in
      if part.first == Self.absent { return nil }
      let text = String(decoding: part, as: UTF8.self)
      return dimension == .day ? UTCDay.text(daysSince1970: Int64(text) ?? 0) : text
    }
  }
}
