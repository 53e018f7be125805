/// What the store runs for limits and budgets of the fleet, in Lua 5.1 as Redis 6 to 7 and Valkey have it. Each script
/// is one step that nothing comes between, and goes by the store's clock.
///
/// Everything is whole numbers that a double holds exactly (below 2^53): time in microseconds, a count of a rate limit
/// as whole cells and sixty-millionths of one, money as decimal strings that are compared in halves of nine digits and
/// added by the store in 64 bits. A script reads everything before it writes anything, so that what it cannot read (a
/// key of another type) changes nothing.
///
/// Keys, all behind one prefix with a hash tag, so that a cluster keeps them in one place:
///
/// | key | holds |
/// | --- | --- |
/// | `r:HASH` | a count of a rate limit: cells, sixty-millionths, microseconds of when |
/// | `q:HASH` | requests in flight of a concurrency limit |
/// | `b:HASH` | an owner's spending: `ds dn dt` of the day, `ms mn mt` of the month, `rn rt` what is reserved |
/// | `h:SIDECAR` | what of `q` and `b` is a sidecar's, to be given back when it dies; `n` its last call |
/// | `a:SIDECAR` | its last settlement, so that none counts twice |
public enum LimitScripts {
  /// Takes what a request needs of all rules that cover it, or nothing. `FleetCall` has its arguments, `FleetVerdict`
  /// its answer.
  public static let admit = prelude + rates + money + holdings + admission
  /// Books what requests used, and says what the sidecar still holds.
  public static let settle = prelude + rates + money + holdings + settlement

  /// Defines the function `sweep(base, sidecar)`, which gives back what a dead sidecar held; `base` is what all keys
  /// begin with. It raises no error, whatever it finds.
  public static let sweep = """
    local function sweep(base, sidecar)
      local mine = base .. 'h:' .. sidecar
      local held = redis.pcall('HGETALL', mine)
      for place = 1, #held, 2 do
        local field, amount = held[place], held[place + 1]
        local owner, unit = string.match(field, '^(b:.*):([nt])$')
        if not string.match(amount, '^%d+$') then
          amount = '0'
        end
        if owner then
          local left = redis.pcall('HINCRBY', base .. owner, 'r' .. unit, '-' .. amount)
          if type(left) == 'number' and left < 0 then redis.call('HDEL', base .. owner, 'r' .. unit) end
        elseif string.sub(field, 1, 2) == 'q:' then
          local left = redis.pcall('DECRBY', base .. field, amount)
          if type(left) == 'number' and left <= 0 then redis.call('DEL', base .. field) end
        end
      end
      redis.call('DEL', mine)
    end

    """

  private static let prelude = """
    local words = string.gmatch(ARGV[1], '%S+')
    local prefix, sidecar = ARGV[2], ARGV[3]
    local function number() return tonumber(words()) end
    local function text(n) return string.format('%.0f', n) end
    local time = redis.call('TIME')
    -- A fourth argument stands in for the clock, in tests.
    local now = ARGV[4] and tonumber(ARGV[4]) or time[1] * 1000000 + time[2]
    local seconds = (now - math.fmod(now, 1000000)) / 1000000

    """

  /// The generic cell rate algorithm of `GCRA`, kept as its backlog: what `TAT` is ahead of the time, in cells.
  private static let rates = """
    local CELL = 60000000
    local function drain(count)
      local span = now - count.at
      count.at = now
      if span <= 0 then return end
      local part = math.fmod(span, CELL)
      local minutes = (span - part) / CELL
      local cells, rest = minutes * count.rate, 0
      if cells <= count.cells then
        local small = math.fmod(count.rate, CELL)
        local product = part * small
        rest = math.fmod(product, CELL)
        cells = cells + part * ((count.rate - small) / CELL) + (product - rest) / CELL
      end
      count.cells, count.rest = count.cells - cells, count.rest - rest
      if count.rest < 0 then count.cells, count.rest = count.cells - 1, count.rest + CELL end
      if count.cells < 0 then count.cells, count.rest = 0, 0 end
    end
    local function load(count)
      local kept = redis.call('GET', count.key)
      count.cells, count.rest, count.at = 0, 0, now
      if not kept then return end
      local cells, rest, at = string.match(kept, '^(%d+) (%d+) (%d+)$')
      count.cells, count.rest, count.at = tonumber(cells), tonumber(rest), tonumber(at)
      -- Of a clock that was set back; from now on it drains by that.
      count.isAhead = count.at > now
      drain(count)
    end
    -- Microseconds until so much has drained; a moment too late rather than too early.
    local function span(cells, rest, rate)
      if cells == 0 and rest == 0 then return 0 end
      local small = math.fmod(cells, rate)
      return (cells - small) / rate * CELL + math.floor((small * CELL + rest) / rate) + 1
    end
    local function left(count)
      return math.max(count.burst - count.cells - (count.rest > 0 and 1 or 0), 0)
    end
    local function store(count)
      if count.cells == 0 and count.rest == 0 then return redis.call('DEL', count.key) end
      local life = math.min(span(count.cells, count.rest, count.rate) / 1000 + 1000, 10000000000000)
      redis.call('SET', count.key, text(count.cells) .. ' ' .. text(count.rest) .. ' ' .. text(count.at),
        'PX', text(math.ceil(life)))
    end

    """

  /// Amounts are decimal strings; days and months are as in `BudgetCalendar`.
  private static let money = """
    local function halves(amount)
      local length = #amount
      if length <= 9 then return 0, tonumber(amount) end
      return tonumber(string.sub(amount, 1, length - 9)), tonumber(string.sub(amount, length - 8))
    end
    -- Whether the first four are together more than the last two.
    local function exceeds(a, b, c, d, e, f)
      local high, low = 0, 0
      for _, amount in ipairs({a, b, c, d}) do
        local h, l = halves(amount)
        high, low = high + h, low + l
      end
      for _, amount in ipairs({e, f}) do
        local h, l = halves(amount)
        high, low = high - h, low - l
      end
      return high * 1000000000 + low > 0
    end
    -- Adds, and stays between nothing and the most that 64 bits hold.
    local function add(key, field, amount)
      if tonumber(amount) == 0 then return end
      local sum = redis.pcall('HINCRBY', key, field, amount)
      if type(sum) == 'table' then
        redis.call('HSET', key, field, '9223372036854775807')
      elseif sum < 0 then
        redis.call('HSET', key, field, '0')
      end
    end
    local today = seconds - math.fmod(seconds, 86400)
    local function month_of(start)
      local shifted = start / 86400 + 719468
      local era = math.floor(shifted / 146097)
      local doe = shifted - era * 146097
      local yoe = math.floor(
        (doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
      local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
      local day = doy - math.floor((153 * math.floor((5 * doy + 2) / 153) + 2) / 5)
      return start - day * 86400
    end
    local this_month = month_of(today)
    local function load_owner(owner)
      local kept = redis.call('HMGET', owner.key, 'ds', 'dn', 'dt', 'ms', 'mn', 'mt', 'rn', 'rt')
      local names = {'ds', 'dn', 'dt', 'ms', 'mn', 'mt', 'rn', 'rt'}
      for place, name in ipairs(names) do owner[name] = kept[place] or '0' end
      for _, name in ipairs(names) do assert(string.match(owner[name], '^%d+$')) end
      -- A clock that was set back stays in the later period.
      if tonumber(owner.ds) < today then owner.ds, owner.dn, owner.dt = text(today), '0', '0' end
      if tonumber(owner.ms) < this_month then owner.ms, owner.mn, owner.mt = text(this_month), '0', '0' end
    end
    local function store_spending(owner)
      redis.call('HSET', owner.key, 'ds', owner.ds, 'dn', owner.dn, 'dt', owner.dt,
        'ms', owner.ms, 'mn', owner.mn, 'mt', owner.mt)
    end

    """

  /// What sidecars hold of places and budgets: a total for each, and the sidecar's own part of it.
  private static let holdings = """
    local mine = KEYS[1]
    local function field_of(key) return string.sub(key, #prefix + 1) end
    local last = 0
    local function load_holder()
      last = tonumber(redis.call('HGET', mine, 'n') or '0')
    end
    local function store_holder(call)
      if call > last then redis.call('HSET', mine, 'n', text(call)) end
      redis.call('EXPIRE', mine, 86400)
    end
    local function set_mine(field, held)
      if held == '0' then redis.call('HDEL', mine, field) else redis.call('HSET', mine, field, held) end
    end
    local function load_held(owner)
      owner.field = field_of(owner.key)
      local held = redis.call('HMGET', mine, owner.field .. ':n', owner.field .. ':t')
      owner.was_n, owner.was_t = held[1] or '0', held[2] or '0'
    end
    local function hold_amount(owner, n, t)
      if n ~= owner.was_n then
        add(owner.key, 'rn', n)
        add(owner.key, 'rn', '-' .. owner.was_n)
        set_mine(owner.field .. ':n', n)
      end
      if t ~= owner.was_t then
        add(owner.key, 'rt', t)
        add(owner.key, 'rt', '-' .. owner.was_t)
        set_mine(owner.field .. ':t', t)
      end
      redis.call('EXPIRE', owner.key, 5356800)
    end
    local function load_place(place)
      place.field = field_of(place.key)
      place.total = tonumber(redis.call('GET', place.key) or '0')
      place.was = tonumber(redis.call('HGET', mine, place.field) or '0')
    end
    local function hold_place(place, held)
      if held == place.was then return end
      local total = place.total + held - place.was
      if total > 0 then
        redis.call('SET', place.key, text(total), 'EX', '86400')
      else
        redis.call('DEL', place.key)
      end
      set_mine(place.field, text(held))
    end

    """

  /// Reads how many arguments of each kind follow, and defines `key()`, which gives the keys behind the sidecar's own.
  static func claims(ownKeys: Int) -> String {
    """
    local counts = {}
    for kind = 1, 4 do counts[kind] = number() end
    local at = \(ownKeys)
    local function key()
      at = at + 1
      return KEYS[at]
    end

    """
  }

  private static let admission = """
    local call, share = number(), number()
    \(claims(ownKeys: 1))
    local holds = counts[2] + counts[3] > 0
    if holds then load_holder() end
    local rates, places, owners = {}, {}, {}
    for i = 1, counts[1] do
      rates[i] = {key = key(), amount = number(), extra = number(), rate = number(), burst = number(), granted = 0}
      load(rates[i])
    end
    for i = 1, counts[2] do
      places[i] = {key = key(), before = number(), maximum = number()}
      load_place(places[i])
    end
    for i = 1, counts[3] do
      local owner = {key = key()}
      owner.known = {}
      for _, name in ipairs({'priced', 'before_n', 'before_t', 'amount_n', 'amount_t', 'held_n', 'held_t'}) do
        owner[name] = words()
      end
      for _, name in ipairs({'ds', 'dn', 'dt', 'ms', 'mn', 'mt'}) do owner.known[name] = words() end
      load_owner(owner)
      load_held(owner)
      -- What a sidecar knows was spent, was: a store that lost its data learns it again.
      for _, period in ipairs({'d', 'm'}) do
        if owner.known[period .. 's'] == owner[period .. 's'] then
          for _, unit in ipairs({'n', 't'}) do
            local known = owner.known[period .. unit]
            if exceeds(known, '0', '0', '0', owner[period .. unit], '0') then
              owner[period .. unit] = known
              owner.learned = true
            end
          end
        end
      end
      owners[i] = owner
    end
    local function short(limit, spent, reserved, was, before, worst)
      if worst == '0' or not exceeds(spent, reserved, before, worst, limit, was) then return 0 end
      if not exceeds(limit, '0', '0', '0', spent, '0') then return 1 end
      if exceeds(spent, worst, '0', '0', limit, '0') then return 2 end
      return 3
    end
    local kind, which, detail = 0, 0, 0
    for i = 1, counts[4] do
      local owner, period, usd, tokens = owners[number()], words(), words(), words()
      local reason = 0
      if kind == 0 and usd ~= '-' then
        local worst = owner.priced == '1' and owner.amount_n or '1'
        reason = short(usd, owner[period .. 'n'], owner.rn, owner.was_n, owner.before_n, worst)
      end
      if kind == 0 and tokens ~= '-' and reason ~= 1 then
        local worst = owner.amount_t == '0' and '1' or owner.amount_t
        local other = short(tokens, owner[period .. 't'], owner.rt, owner.was_t, owner.before_t, worst)
        if reason == 0 or (reason == 3 and other ~= 0) then reason = other end
      end
      if reason ~= 0 then kind, which, detail = 1, i, reason end
    end
    if kind == 0 then
      for i, place in ipairs(places) do
        if kind == 0 and place.total - place.was + place.before >= place.maximum then kind, which = 2, i end
      end
    end
    if kind == 0 then
      for i, count in ipairs(rates) do
        local cells, rest = count.cells + count.amount - count.burst, count.rest
        if cells > 0 or (cells == 0 and rest > 0) then
          local wait = count.amount > count.burst and -1 or span(cells, rest, count.rate)
          if kind == 0 or (detail >= 0 and (wait < 0 or wait > detail)) then kind, which, detail = 3, i, wait end
        end
      end
    end
    local passes = kind == 0
    for _, count in ipairs(rates) do
      if passes and count.amount + count.extra > 0 then
        count.cells = count.cells + count.amount
        count.granted = math.min(count.extra, math.floor(left(count) * share / 100))
        count.cells = count.cells + count.granted
        store(count)
      elseif count.isAhead then
        store(count)
      end
    end
    if holds then
      -- A call that a later one has overtaken adds to what that one said; the next one says again what is right.
      local isLate = call < last
      for _, place in ipairs(places) do
        local before = isLate and place.was or place.before
        hold_place(place, passes and before + 1 or before)
      end
      for _, owner in ipairs(owners) do
        if owner.learned then store_spending(owner) end
        if not isLate then
          hold_amount(owner, passes and owner.held_n or owner.before_n, passes and owner.held_t or owner.before_t)
        elseif passes then
          for _, unit in ipairs({'n', 't'}) do
            add(owner.key, 'r' .. unit, owner['amount_' .. unit])
            add(mine, owner.field .. ':' .. unit, owner['amount_' .. unit])
          end
        end
      end
      store_holder(call)
    end
    local reply = {kind, which, text(detail), text(now)}
    for _, count in ipairs(rates) do
      reply[#reply + 1] = text(left(count))
      reply[#reply + 1] = text(span(count.cells, count.rest, count.rate))
      reply[#reply + 1] = text(count.granted)
    end
    for _, owner in ipairs(owners) do
      for _, name in ipairs({'ds', 'dn', 'dt', 'ms', 'mn', 'mt'}) do reply[#reply + 1] = owner[name] end
      local held = redis.call('HMGET', owner.key, 'rn', 'rt')
      reply[#reply + 1], reply[#reply + 2] = held[1] or '0', held[2] or '0'
    end
    return table.concat(reply, ' ')
    """
}
