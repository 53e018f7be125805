// What the script `settle` has of its own.
extension LimitScripts {
  static let settlement = """
    local call, batch = number(), number()
    \(claims(ownKeys: 2))
    load_holder()
    local isNew = batch > tonumber(redis.call('GET', KEYS[2]) or '0')
    local spent, charged, places, owners = {}, {}, {}, {}
    for i = 1, counts[1] do
      local owner = {key = key(), day = number(), n = words(), t = words()}
      load_owner(owner)
      spent[i] = owner
    end
    for i = 1, counts[2] do
      local count = {key = key(), amount = number(), rate = number(), burst = number()}
      load(count)
      charged[i] = count
    end
    for i = 1, counts[3] do
      places[i] = {key = key(), held = number()}
      load_place(places[i])
    end
    for i = 1, counts[4] do
      owners[i] = {key = key(), n = words(), t = words()}
      load_held(owners[i])
    end
    if isNew then
      for _, owner in ipairs(spent) do
        -- What was spent in a period that is over belongs to no other.
        load_owner(owner)
        store_spending(owner)
        if owner.day >= tonumber(owner.ds) then
          add(owner.key, 'dn', owner.n)
          add(owner.key, 'dt', owner.t)
        end
        if month_of(owner.day) >= tonumber(owner.ms) then
          add(owner.key, 'mn', owner.n)
          add(owner.key, 'mt', owner.t)
        end
        redis.call('EXPIRE', owner.key, 5356800)
      end
      for _, count in ipairs(charged) do
        count.cells = count.cells + count.amount
        local most = count.burst + math.max(count.burst, count.rate * 60)
        if count.cells >= most then count.cells, count.rest = most, 0 end
        if count.cells < 0 then count.cells, count.rest = 0, 0 end
        store(count)
      end
      if batch > 0 then redis.call('SET', KEYS[2], text(batch), 'EX', '604800') end
    end
    if call >= last then
      for _, place in ipairs(places) do hold_place(place, place.held) end
      for _, owner in ipairs(owners) do hold_amount(owner, owner.n, owner.t) end
    end
    store_holder(call)
    local reply = {text(now)}
    for _, owner in ipairs(owners) do
      load_owner(owner)
      for _, name in ipairs({'ds', 'dn', 'dt', 'ms', 'mn', 'mt', 'rn', 'rt'}) do reply[#reply + 1] = owner[name] end
    end
    -- Whether what the sidecar holds was noted: a later call may have come first.
    reply[#reply + 1] = call >= last and '1' or '0'
    return table.concat(reply, ' ')
    """
}
