/// A doubly linked list over the slots of a cache: the most recent first.
struct RecencyList {
  var first: Int32 = Self.none
  var last: Int32 = Self.none
  /// Of all entries in it.
  var bytes = 0

  /// No slot.
  static let none: Int32 = -1
}

/// The parts of the cache that an entry can be in.
enum CacheSegment: UInt8 {
  /// New entries, so that a burst is answered though none of it is worth keeping.
  case window
  /// Entries that were not asked for since they left the window; the first to go.
  case probation
  /// Entries that were.
  case protected
}

/// One entry of the cache with its neighbours in its list.
struct CacheSlot {
  var key: CacheKey
  /// Nil while the slot is free.
  var reply: StoredReply?
  /// The reply's memory and the slot's own.
  var bytes: Int
  /// Nanoseconds of the monotonic clock.
  var expiresAt: Int64
  var segment: CacheSegment
  var previous: Int32
  var next: Int32
}
