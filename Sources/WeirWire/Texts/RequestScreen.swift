/// Looks for patterns in the texts of a request, and says where in the body their matches stand. Matches are those of
/// the text as a model reads it, however its characters are escaped; a match that begins or ends within an escape
/// takes all of it. Texts are looked at one by one: what is split over two parts of a message is not put together.
public struct RequestScreen {
  /// A match.
  public struct Match {
    /// The place of the pattern.
    public let pattern: Int
    /// Who the text is from.
    public let role: TextRole
    /// Where the match stands in the body.
    public let range: Range<Int>
    fileprivate let place: TextPlace

    /// Where the text stands, as `messages[3].content`; never holds a name that is not of the API.
    public var text: String { place.text }
  }

  /// What to do after a match.
  public enum Next: Sendable {
    /// On with the next match.
    case goOn
    /// No more of this pattern in this text.
    case skipText
    /// Nothing more at all.
    case stop
  }

  /// Which part of a match counts: given the text and the match, nil for none.
  public typealias Check = @Sendable (Span<UInt8>, Range<Int>) -> Range<Int>?

  /// How to look for a pattern.
  public struct Probe: Sendable {
    /// In whose texts.
    public let roles: TextRoles
    /// Nil takes each match as it is.
    public let check: Check?
    /// Whether the search goes on within a match that did not count, behind the letters and digits that it begins
    /// with: only for patterns with short matches, and checks that take none which begins within a word.
    public let looksWithin: Bool
    /// Whether a match is read but for a few bytes behind it, so that many matches cost little.
    public let isLocal: Bool

    /// Describes the search.
    public init(roles: TextRoles, check: Check? = nil, looksWithin: Bool = false, isLocal: Bool = false) {
      self.roles = roles
      self.check = check
      self.looksWithin = looksWithin
      self.isLocal = isLocal
    }
  }

  /// Looks through a body.
  ///
  /// - Parameters:
  ///   - body: a JSON document that an `Envelope` was read of.
  ///   - probes: one for each pattern, nil for one that is not looked for.
  ///   - time: nanoseconds that the thread has worked; asked every 16 KB or so.
  ///   - found: called for each match, the texts in the order of the body; within a text, pattern by pattern. Where a
  ///     text has more matches than may be looked for, or the time is over, its last one reaches to its end.
  /// - Returns: false where more texts than `mostUnread` were left when the time was over: of them nothing is told.
  @discardableResult public static func search(
    _ body: UnsafeRawBufferPointer, for patterns: TextPatterns, _ probes: [Probe?], time: @escaping () -> Int64,
    found: (Match) -> Next
  ) -> Bool {
    let roles = probes.reduce(into: TextRoles([])) { roles, probe in roles.formUnion(probe?.roles ?? []) }
    var unescaped = UnescapedText()
    var budget = SearchBudget(time: time)
    var unread = 0
    _ = unsafe JSONReader().read(body) { root in
      RequestTexts.read(root) { role, range, place in
        guard roles.has(role) else { return true }
        if budget.isUsedUp { unread += 1 }
        guard unread <= mostUnread else { return false }
        var goesOn = true
        unsafe unescaped.read(UnsafeRawBufferPointer(rebasing: body[range])) { text, map in
          goesOn = unsafe pass(text, role, patterns, probes, &budget) { pattern, part in
            let written = map.written(part)
            let bytes = range.lowerBound + written.lowerBound..<range.lowerBound + written.upperBound
            return found(Match(pattern: pattern, role: role, range: bytes, place: place))
          }
        }
        return goesOn
      }
    }
    return unread <= mostUnread
  }

  /// Texts that count as matches unread once the time is over, each for every pattern. A body has room for millions.
  static let mostUnread = 1000

  /// Where to go on after a match that did not count. A very long one may be cut off where a search's reach ended, in
  /// the middle of something that counts.
  private static func resumption(after match: Range<Int>, _ probe: Probe, in text: UnsafeRawBufferPointer) -> Int {
    if probe.looksWithin {
      let word = unsafe text[match.lowerBound...].prefix(while: isWordByte).count
      return match.lowerBound + max(word, 1)
    }
    return match.count < TextSearch.reach / 4 ? match.upperBound : match.upperBound - longestNumber
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// Bytes of the longest thing that a check finds within a long match.
  private static let longestNumber = 64

  /// - Returns: whether to go on with the next text.
  private static func pass(
    _ text: UnsafeRawBufferPointer, _ role: TextRole, _ patterns: TextPatterns, _ probes: [Probe?],
    _ budget: inout SearchBudget, _ found: (Int, Range<Int>) -> Next
  ) -> Bool {
    for pattern in unsafe patterns.matching(text, &budget) {
      guard probes.indices.contains(pattern), let probe = probes[pattern], probe.roles.has(role) else { continue }
      var search = unsafe TextSearch(patterns, in: text)
      switch unsafe follow(pattern, probe, &search, in: text, &budget, found) {
      case .stop: return false
      case .skipText: continue
      case .goOn: break
      }
      // Nobody knows what the rest has: all of it counts.
      guard budget.isUsedUp, search.place < text.count else { continue }
      if case .stop = found(pattern, search.place..<text.count) { return false }
    }
    return true
  }

  /// Takes the matches of one pattern in a text, as far as the budget lasts.
  private static func follow(
    _ pattern: Int, _ probe: Probe, _ search: inout TextSearch, in text: UnsafeRawBufferPointer,
    _ budget: inout SearchBudget, _ found: (Int, Range<Int>) -> Next
  ) -> Next {
    let charge = probe.isLocal ? SearchBudget.leastCharge : TextSearch.reach
    while let match = search.next(of: pattern, charge: charge, budget: &budget) {
      var part: Range<Int>? = match
      if let check = probe.check { part = unsafe check(Span(_unsafeBytes: text), match) }
      search.resume(at: unsafe part?.upperBound ?? resumption(after: match, probe, in: text))
      guard let part else { continue }
      let next = found(pattern, part)
      guard case .goOn = next else { return next }
    }
    return .goOn
  }
}
