/// What a cache holds and what it let go.
public struct CacheStatistics: Sendable, Equatable {
  /// Replies held.
  public var entries = 0
  /// Memory that they take, about.
  public var bytes = 0
  /// Since the start.
  public var evictions = CacheEvictions()

  /// Nothing yet.
  public init() {}
}

/// How many replies went, by reason; the reasons are the label `reason`.
public struct CacheEvictions: Sendable, Equatable {
  /// Others had to have the room.
  public var size = 0
  /// Their time was over.
  public var expired = 0
  /// The operator removed them, or switched the cache off.
  public var purged = 0
  /// A newer reply to the same request took their place.
  public var replaced = 0

  /// Nothing yet.
  public init() {}

  /// Every reason with its count, in a fixed order.
  public var byReason: [(reason: String, count: Int)] {
    [("size", size), ("expired", expired), ("purged", purged), ("replaced", replaced)]
  }
}
