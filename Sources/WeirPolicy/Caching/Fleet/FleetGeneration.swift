/// Which entries of the fleet's cache count: those of one generation. Emptying the cache begins another, and what the
/// old one left goes by its time.
///
/// In the store, and in the message that tells of it: the number, the number before it, and the pattern of models that
/// the change was for (`*` for all), each on a line. Numbers are the store's clock in microseconds, so that one that was
/// lost does not come again.
public struct FleetGeneration: Sendable, Equatable {
  /// Grows.
  public let number: UInt64
  /// The one before; 0 where it is the first.
  public let previous: UInt64
  /// The models whose replies are no longer wanted; nil where it is all.
  public let pattern: ModelPattern?

  /// What a sidecar's memory has to let go.
  public enum Purge: Sendable, Equatable {
    /// Nothing.
    case none
    /// What the models that fit have produced.
    case models(ModelPattern)
    /// Everything.
    case all
  }

  /// The store's scripts count in double precision.
  private static let largestNumber: UInt64 = 9_000_000_000_000_000
  /// A longer pattern empties the whole cache.
  public static let longestPattern = 512

  /// Nil for what is none.
  public init?(_ bytes: [UInt8]) {
    let lines = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3, lines[2].count <= Self.longestPattern, let number = Self.number(lines[0]), number > 0,
      let previous = Self.number(lines[1]), previous < number,
      let pattern = String(validating: lines[2], as: UTF8.self), !pattern.isEmpty
    else { return nil }
    self.number = number
    self.previous = previous
    self.pattern = pattern == "*" ? nil : ModelPattern(pattern)
  }

  /// As it stands in the store.
  public var text: [UInt8] {
    Array("\(number)\n\(previous)\n\(pattern?.description ?? "*")".utf8)
  }

  /// What memory has to let go that was right for another generation; where some in between were missed, all.
  ///
  /// - Parameter known: the last one that this process knew of; nil where it knew none: what it kept before it found the
  ///   store is right only where the fleet's cache was never emptied.
  public func purge(after known: UInt64?) -> Purge {
    guard let known else { return previous == 0 ? .none : .all }
    guard known != number else { return .none }
    guard known == previous, let pattern else { return .all }
    return .models(pattern)
  }

  /// What goes into the store for a pattern as an operator gave it; nil for all.
  public static func text(_ pattern: String?) -> String {
    guard let pattern, !pattern.isEmpty, pattern.utf8.count <= longestPattern else { return "*" }
    return pattern
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 16, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let number = digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
    return number < largestNumber ? number : nil
  }
}
