/// The sign of life of a sidecar, and what it is told in return.
enum FleetHeartbeat {
  /// So long without a sign of life, and a sidecar is dead: what it held is given back.
  static let lifetimeMilliseconds = 10_000

  /// KEYS[1] is the sorted set of sidecars by the store's time of their last sign of life; ARGV[1] what all keys of the
  /// fleet begin with, ARGV[2] the sidecar. The reply: the store's time in milliseconds, how many sidecars there are,
  /// whether this one is new to the store, and the fleet's versions as names and numbers.
  static let source =
    FleetSweep.source + """
      local time = redis.call('TIME')
      local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
      local base, me = ARGV[1], ARGV[2]
      local isNew = redis.call('ZADD', KEYS[1], string.format('%.0f', now), me)
      -- Of a clock that was set back: were they left ahead, the dead among them would live until it is there again.
      local present = string.format('%.0f', now)
      for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. present, '+inf', 'LIMIT', 0, 100)) do
        redis.call('ZADD', KEYS[1], present, ahead)
      end
      local limit = string.format('(%.0f', now - \(lifetimeMilliseconds))
      for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', limit, 'LIMIT', 0, 100)) do
        sweep(base, dead)
        redis.call('ZREM', KEYS[1], dead)
      end
      redis.call('PEXPIRE', KEYS[1], 86400000)
      return {string.format('%.0f', now), redis.call('ZCARD', KEYS[1]), isNew, redis.call('HGETALL', base .. 'versions')}
      """

  /// The sidecar ends: as if it had been silent for long, at once.
  static let leaveSource =
    FleetSweep.source + """
      sweep(ARGV[1], ARGV[2])
      return redis.call('ZREM', KEYS[1], ARGV[2])
      """
}

/// What a heartbeat brought.
struct FleetNews: Equatable {
  let sidecars: Int
  /// The store did not know this sidecar: it is new, was thought dead, or the store has lost its data.
  let isNew: Bool
  let versions: [String: Int64]

  /// Nil for what is no reply of the script.
  init?(_ reply: StoreReply) {
    guard let parts = reply.elements, parts.count >= 4, parts[0].number != nil, let sidecars = parts[1].number,
      let isNew = parts[2].number, let pairs = parts[3].elements
    else { return nil }
    self.sidecars = Int(clamping: max(sidecars, 1))
    self.isNew = isNew == 1
    var versions: [String: Int64] = [:]
    var index = 0
    while index + 1 < pairs.count {
      if let name = pairs[index].bytes, let version = pairs[index + 1].number {
        versions[String(decoding: name, as: UTF8.self)] = version
      }
      index += 2
    }
    self.versions = versions
  }
}
