/// Keeps the values of one label few: what the configuration knows always passes, of everything else the
/// first `limit` values pass and the rest is "other".
///
/// A plain value without a lock: its owner confines it to one thread or wraps it.
public struct BoundedLabel: Sendable {
  /// What stands for every value that is not admitted.
  public static let other = "other"

  /// The longest unknown value admitted, in bytes of UTF-8: names from outside end up in every scrape.
  public static let maximumValueBytes = 128

  /// How many unknown values pass where nobody says otherwise.
  public static let defaultLimit = 100

  private let known: Set<String>
  private let limit: Int
  private var admitted: Set<String> = []

  /// `limit`: how many unknown values pass; zero or less admits none.
  public init(known: Set<String>, limit: Int = BoundedLabel.defaultLimit) {
    self.known = known
    self.limit = limit
  }

  /// The value itself when it is known, was admitted before or still finds room; else "other".
  public mutating func admit(_ value: String) -> String {
    if value == Self.other || known.contains(value) || admitted.contains(value) { return value }
    guard admitted.count < limit, value.utf8.count <= Self.maximumValueBytes else { return Self.other }
    admitted.insert(value)
    return value
  }
}
