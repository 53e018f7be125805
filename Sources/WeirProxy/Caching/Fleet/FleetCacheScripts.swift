import WeirStore

/// What the store does for the fleet's cache, each in one step.
///
/// Every entry has two keys of one hash tag: the value, and the lease of whoever brings it. Anybody may write under
/// these names, so a key of another type is treated as none, and a value that is too large stays where it is.
enum FleetCacheScripts {
  /// How long a lease lasts unless it is extended: so long nobody notices that its holder died.
  static let leaseMilliseconds = 3000
  /// How long others go upstream each for itself after one has failed: else each would wait for the one before.
  static let failureMilliseconds = 1000

  /// The value with the rest of its time; or 1, the lease is the caller's; 2, it is another's; 0, neither.
  ///
  /// KEYS: value, lease. ARGV: token, milliseconds of the lease (0 takes none), bytes of the largest value.
  static let look = StoreScript(
    .cacheRead,
    """
    local size = redis.pcall('STRLEN', KEYS[1])
    if type(size) == 'number' and size > 0 and size <= tonumber(ARGV[3]) then
      return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
    end
    if ARGV[2] == '0' then return 0 end
    local taken = redis.pcall('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
    if type(taken) == 'table' and taken.ok then return 1 end
    local holder = redis.pcall('GET', KEYS[2])
    if holder == ARGV[1] then return 1 end
    if type(holder) ~= 'string' or holder == '-' then return 0 end
    return 2
    """)

  /// Keeps a value, and ends the lease of the caller: 1, or 0 where the store cannot keep it.
  ///
  /// KEYS: value, lease. ARGV: value, milliseconds to live, token, milliseconds after a failure.
  static let put = StoreScript(
    .cacheWrite,
    """
    local kept = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    local isKept = type(kept) == 'table' and kept.ok
    if redis.pcall('GET', KEYS[2]) == ARGV[3] then
      if isKept then
        redis.call('DEL', KEYS[2])
      else
        redis.pcall('SET', KEYS[2], '-', 'PX', ARGV[4])
      end
    end
    return isKept and 1 or 0
    """)

  /// Extends the lease of the caller, or ends it. KEYS: lease. ARGV: token, milliseconds (0 ends it), and what stands
  /// there then: the token, or `-` for others to see that no reply comes.
  static let hold = StoreScript(
    .cacheWrite,
    """
    if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
    redis.pcall('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
    return 1
    """)

  private static let numbers = """
    local function number(text)
      if type(text) ~= 'string' then return nil end
      local digits = string.match(text, '^(%d+)\\n%d+\\n.')
      if not digits or #digits > 16 or tonumber(digits) >= 9e15 then return nil end
      return tonumber(digits)
    end
    local stored = redis.pcall('GET', KEYS[1])
    local there, known = number(stored), number(ARGV[1])

    """

  /// The generation of the fleet's cache: the higher of the store's and the caller's, so that a store that lost its own
  /// gets it back; a first one where neither has any.
  ///
  /// KEYS: generation, versions. ARGV: what the caller knows, or nothing.
  static let generation = StoreScript(
    .cacheRead,
    numbers + """
      if there and (not known or known <= there) then return stored end
      local text = ARGV[1]
      if not known then
        local time = redis.call('TIME')
        text = string.format('%.0f\\n0\\n*', tonumber(time[1]) * 1000000 + tonumber(time[2]))
      end
      redis.call('SET', KEYS[1], text)
      redis.pcall('HSET', KEYS[2], 'cache', string.match(text, '^%d+'))
      return text
      """)

  /// Begins another generation and tells of it. As `generation`; ARGV further: channel, pattern of models.
  static let clear = StoreScript(
    .cacheWrite,
    numbers + """
      local last = math.max(there or 1, known or 1)
      local time = redis.call('TIME')
      local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
      if now <= last then now = last + 1 end
      local text = string.format('%.0f\\n%.0f\\n', now, last) .. ARGV[3]
      redis.call('SET', KEYS[1], text)
      redis.pcall('HSET', KEYS[2], 'cache', string.format('%.0f', now))
      redis.call('PUBLISH', ARGV[2], text)
      return text
      """)
}
