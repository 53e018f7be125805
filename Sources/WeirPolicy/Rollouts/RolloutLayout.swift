/// Which buckets belong to which variant: a pure function of the variants' order, rooms and shares.
///
/// Every variant has a room, a stretch of buckets of its own: as wide as `RolloutVariant.room` says, else an equal
/// part of what is left. The first variant's room begins at bucket 0 and is filled upwards, the second's ends at
/// bucket 9,999 and is filled downwards, the others lie between in their order and are filled upwards. A variant
/// whose share exceeds its room borrows buckets at the far ends of the others' rooms, those that their owners
/// would fill last: the last bucket of each room in turn, then the last but one, and so on.
///
/// What holds when shares are raised and none is lowered (order and rooms unchanged):
/// 1. A user who is in the rollout stays in it, with any number of variants.
/// 2. With one or two variants, a user who is in stays on the same variant, whatever the shares.
/// 3. With three and more, the same holds for every user in a variant's own room, so for all users as long as
///    no share exceeds its room (33.33 % each with three variants that name no rooms). Only a user in a borrowed
///    bucket can change the variant, when its owner grows into it or another variant borrows more.
///
/// No function of the shares alone can promise 2 for three variants. Raising the others to fill up must not move
/// the first one's users, so its users depend on its own share alone; likewise the others'. At (50, 50, 0) the
/// second has all that the first has not, at (50, 0, 50) the third has the same, yet at (0, 50, 50) the two must
/// not meet. Hence rooms.
struct RolloutLayout: Sendable, Equatable {
  /// Consecutive buckets of one variant.
  struct Stretch: Sendable, Equatable {
    let buckets: Range<Int>
    let variant: Int
  }

  /// In rising order, none empty; what is missing belongs to the incumbent.
  let stretches: [Stretch]

  /// Lays out variants whose shares and rooms add up to at most 10,000; what exceeds that gets nothing.
  init(_ variants: [RolloutVariant]) {
    let fillOrders = RolloutLayout.fillOrders(rooms: RolloutLayout.rooms(of: variants))
    var owners = [Int?](repeating: nil, count: RolloutBucket.count)
    var missing: [(variant: Int, count: Int)] = []
    for (variant, order) in fillOrders.enumerated() {
      let share = max(variants[variant].share, 0)
      for bucket in order.prefix(share) { owners[bucket] = variant }
      if share > order.count { missing.append((variant, share - order.count)) }
    }
    if !missing.isEmpty {
      var free = RolloutLayout.borrowingOrder(fillOrders).filter { owners[$0] == nil }[...]
      for (variant, count) in missing {
        for bucket in free.prefix(count) { owners[bucket] = variant }
        free = free.dropFirst(count)
      }
    }
    stretches = RolloutLayout.stretches(owners)
  }

  /// The variant that owns a bucket; nil is the incumbent.
  func variant(of bucket: Int) -> Int? {
    for stretch in stretches where bucket < stretch.buckets.upperBound {
      return bucket >= stretch.buckets.lowerBound ? stretch.variant : nil
    }
    return nil
  }

  /// The width of each variant's room; together 10,000 unless three or more are all named and leave something.
  ///
  /// With two variants the width changes nothing (each borrows just where it would have grown), so that the second
  /// takes all that the first leaves.
  static func rooms(of variants: [RolloutVariant]) -> [Int] {
    if variants.count <= 2 {
      let first = variants.count == 1 ? RolloutBucket.count : RolloutBucket.count / 2
      return variants.indices.map { $0 == 0 ? first : RolloutBucket.count - first }
    }
    let named = variants.map { $0.room.map { min(max($0, 0), RolloutBucket.count) } }
    let left = max(RolloutBucket.count - named.reduce(0) { $0 + ($1 ?? 0) }, 0)
    let unnamed = named.count { $0 == nil }
    var given = 0
    return named.map { room in
      if let room { return room }
      given += 1
      return left * given / unnamed - left * (given - 1) / unnamed
    }
  }

  /// Each room's buckets, first to be filled first.
  private static func fillOrders(rooms: [Int]) -> [[Int]] {
    var orders = [[Int]](repeating: [], count: rooms.count)
    var start = 0
    let rest = rooms.indices.filter { $0 != 1 }
    for variant in rest {
      let end = min(start + rooms[variant], RolloutBucket.count)
      orders[variant] = Array(start..<end)
      start = end
    }
    if rooms.count > 1 {
      let first = max(RolloutBucket.count - rooms[1], start)
      orders[1] = (first..<RolloutBucket.count).reversed()
    }
    return orders
  }

  /// Every bucket, the ones that owners need last first; buckets in nobody's room before all.
  private static func borrowingOrder(_ fillOrders: [[Int]]) -> [Int] {
    var isOwned = [Bool](repeating: false, count: RolloutBucket.count)
    for bucket in fillOrders.joined() { isOwned[bucket] = true }
    var order = isOwned.indices.filter { !isOwned[$0] }
    for depth in 0..<(fillOrders.map(\.count).max() ?? 0) {
      for room in fillOrders where depth < room.count { order.append(room[room.count - 1 - depth]) }
    }
    return order
  }

  private static func stretches(_ owners: [Int?]) -> [Stretch] {
    var stretches: [Stretch] = []
    var start = 0
    while start < owners.count {
      var end = start + 1
      while end < owners.count, owners[end] == owners[start] { end += 1 }
      if let variant = owners[start] { stretches.append(Stretch(buckets: start..<end, variant: variant)) }
      start = end
    }
    return stretches
  }
}
