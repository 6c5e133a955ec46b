-- Take keys under a lease, each with its oldest jobs; first make ready what has become due or lost its worker.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  worker       who asks
-- ARGV[3]  keys_max     how many keys to take
-- ARGV[4]  jobs_max     how many jobs of one key to take together, if none of them failed by its own fault
-- ARGV[5]  lease_ms     how long the claim holds without a renewal
-- ARGV[6]  crashes_max  a key whose worker vanished this often is buried as "poison"
-- ARGV[7]  rate         name of the token bucket that every key taken costs one of; "" for none
-- ARGV[8]  rate_per_minute, ARGV[9] burst  of that bucket
-- ARGV[10] reserve      tokens that are left for keys which are not late, ARGV[11] late_ms  a key is late when its first job has
--                       been here for longer; reserve 0: none is
-- ARGV[12] number       of this claim, which no other one of the worker has
-- ARGV[13] onwards      numbers of claims of the worker whose answers never came: what they took is given back first, untouched
--
-- Replies  {now_ms, next_ms, claim...}
--          next_ms  until the next key becomes due or loses its lease, the bucket has a token, or a gate lets one through;
--                   -1 when none will
--          claim    {key, fence, history (JSON or ""), record...}
local queue, worker, keys_max, jobs_max = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ready, scheduled, leases, paused = name(queue, 'ready'), name(queue, 'scheduled'), name(queue, 'leases'), name(queue, 'paused')

local RESCUES_MAX = 16 -- In one call; the next call takes the next ones.
local PROMOTIONS_MAX = 128 -- As above; more than keys_max, so that a backlog of due keys shrinks.

local next_ms = -1
local function again_at(at_ms)
  local in_ms = math.max(0, at_ms - now_ms)
  if next_ms < 0 or in_ms < next_ms then next_ms = in_ms end
end

local RUNNING_MAX = 10000 -- More than all workers together hold; what is beyond it is rescued when its lease ends.
local KEYS_AT_ONCE = 1000 -- One command for many keys is cheaper; `unpack` fails at some 8,000 values.

-- Nobody works on what was taken by claims whose answers never came: it goes back as if released, before it looks like a crash.
if ARGV[13] then
  local unanswered, nobodys = {}, {}
  for at = 13, #ARGV do unanswered[ARGV[at]] = true end
  for first = 0, RUNNING_MAX - 1, KEYS_AT_ONCE do
    local held = redis.call('ZRANGE', leases, first, first + KEYS_AT_ONCE - 1)
    if #held == 0 then break end
    for at, running in ipairs(redis.call('HMGET', name(queue, 'running'), unpack(held))) do
      local number, by = (running or ''):match('^%d+ %d+ (%d+) (.*)$')
      if by == worker and unanswered[number] then table.insert(nobodys, held[at]) end
    end
  end
  for _, key in ipairs(nobodys) do
    end_lease(queue, key)
    redis.call('LPUSH', ready, key)
  end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms, 'LIMIT', 0, RESCUES_MAX)) do
  local held = (redis.call('HGET', name(queue, 'running'), key) or ''):match('^%d+ (%d+) ') or 1
  local past = history(queue, key)
  past.crashes = past.crashes + 1
  add_failure(past, 'crash', 'the worker vanished before it reported an outcome')
  end_lease(queue, key)
  count(queue, 'rescued', 1)
  if past.crashes >= tonumber(ARGV[6]) then
    bury(queue, key, tonumber(held), 'poison', past)
  else
    redis.call('HSET', name(queue, 'history'), key, cjson.encode(past))
    redis.call('LPUSH', ready, key)
  end
end

write_ready(queue) -- The next jobs of keys whose first ones were buried.

for _, key in ipairs(redis.call('ZRANGEBYSCORE', scheduled, '-inf', now_ms, 'LIMIT', 0, PROMOTIONS_MAX)) do
  redis.call('ZREM', scheduled, key)
  redis.call('RPUSH', ready, key)
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', paused, '-inf', now_ms, 'LIMIT', 0, PROMOTIONS_MAX)) do
  redis.call('ZREM', paused, key)
  redis.call('HDEL', name(queue, 'pauses'), key)
  redis.call('RPUSH', ready, key)
end

-- Until when the whole queue is paused; nil when it is not.
local function queue_paused_until()
  local stored = redis.call('GET', name(queue, 'pause'))
  if not stored then return nil end
  local until_ms = cjson.decode(stored).until_ms
  if until_ms == 0 then return math.huge end
  if until_ms <= now_ms then
    redis.call('DEL', name(queue, 'pause'))
    return nil
  end
  return until_ms
end

local paused_until, rate, taken = queue_paused_until(), nil, 0

-- How many late keys may be taken without touching what is left for the others.
local function late_room() return math.max(0, math.floor(rate.may) - taken - rate.reserve) end

if paused_until then
  keys_max = 0
  if paused_until < math.huge then again_at(paused_until) end
elseif ARGV[7] ~= '' then
  rate = bucket(ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]))
  keys_max = math.min(keys_max, math.floor(rate.may))
end

-- How many keys a gate lets through now, and when it lets through the next one.
local function room(gate)
  if gate.state == 'shut' then
    if now_ms < gate.until_ms then return 0, gate.until_ms end
    return 1, now_ms + gate.probe_ms
  elseif gate.state == 'ramp' then
    local step = math.floor((now_ms - gate.at_ms) / gate.step_ms)
    if step < gate.steps then
      if gate.step < step then
        gate.step, gate.passed = step, 0
      end
      return math.max(0, 2 ^ step - gate.passed), gate.at_ms + (step + 1) * gate.step_ms
    end
  elseif gate.state == 'reserve' and rate then
    return late_room(), rate.late_ms
  end
  return math.huge, now_ms
end

local function go_through(gate, count)
  if gate.state == 'shut' then
    gate.until_ms, gate.is_tried = now_ms + gate.probe_ms, true
  elseif gate.state == 'ramp' then
    gate.passed = gate.passed + count
  end
  gate.is_changed = true
end

local gates, has_groups = {}, false
local stored = redis.call('HGETALL', name(queue, 'gates'))
for at = 1, #stored, 2 do
  gates[stored[at]] = cjson.decode(stored[at + 1])
  has_groups = has_groups or stored[at] ~= '*'
end

local whole_room, whole_next_ms = math.huge, nil
if gates['*'] then
  whole_room, whole_next_ms = room(gates['*'])
  if whole_room == math.huge and gates['*'].state == 'ramp' then
    redis.call('HDEL', name(queue, 'gates'), '*') -- The ramp is over.
    gates['*'] = nil
  end
  keys_max = math.min(keys_max, whole_room)
end

-- What waits at a gate with room: first in line while the gate opens, else behind what is ready.
for group, gate in pairs(gates) do
  local has = group ~= '*' and 0 < keys_max and room(gate) or 0
  if has == math.huge or (group == LATE and 0 < has) then
    local held = redis.call('LPOP', held_name(queue, group), math.min(has, PROMOTIONS_MAX))
    if held then
      redis.call('RPUSH', ready, unpack(held))
    elseif gate.state ~= 'open' then
      redis.call('HDEL', name(queue, 'gates'), group)
      gates[group] = nil
    end
  elseif 0 < has then
    local held = redis.call('LPOP', held_name(queue, group), math.min(has, keys_max)) or {}
    for at = #held, 1, -1 do redis.call('LPUSH', ready, held[at]) end
  end
end

local function is_late(key)
  local record = redis.call('HGET', name(queue, 'first'), key)
  return ARGV[11] + record:match('^(%d+) ') < now_ms
end

-- A key that is paused, late while there are few tokens, or whose gate is shut, is set aside when it comes to its turn; the next one has its turn instead.
local function next_key()
  local key = redis.call('LPOP', ready)
  if not key then return nil end
  local pause = redis.call('HGET', name(queue, 'pauses'), key)
  if pause then
    local until_ms = cjson.decode(pause).until_ms
    if until_ms == 0 or now_ms < until_ms then
      redis.call('ZADD', paused, until_ms == 0 and '+inf' or until_ms, key)
      return nil
    end
    redis.call('HDEL', name(queue, 'pauses'), key)
  end
  if rate and 0 < rate.reserve and late_room() < 1 and is_late(key) then
    redis.call('RPUSH', held_name(queue, LATE), key)
    gates[LATE] = gates[LATE] or {
      state = 'reserve', cause = 'late', at_ms = now_ms, shuts = 0, probe_ms = 0, step_ms = 0, steps = 0, is_changed = true,
      reason = 'others that came lately go first while the rate is short',
    }
    return nil
  end
  local group = group_of(key)
  local gate = group and gates[group]
  if gate then
    if room(gate) < 1 then
      redis.call('RPUSH', held_name(queue, group), key)
      return nil
    end
    go_through(gate, 1)
  end
  return key
end

-- Nobody is late, or there is enough for them too.
local function spares_late() return not rate or rate.reserve == 0 or keys_max <= late_room() end

local keys = {}
if not has_groups and spares_late() and redis.call('EXISTS', name(queue, 'pauses')) == 0 then
  if 0 < keys_max then keys = redis.call('LPOP', ready, keys_max) or {} end
else
  for _ = 1, math.min(keys_max + PROMOTIONS_MAX, redis.call('LLEN', ready)) do
    if #keys == keys_max then break end
    taken = #keys
    keys[#keys + 1] = next_key() -- Not table.insert: it raises an error when there is none, and what was popped is lost.
  end
end

-- How many jobs of a key are taken together. After a crash, or a failure by their own fault, one at a time: so that only the
-- job whose fault it is becomes a dead letter, and none of its neighbours.
local function jobs_together(past)
  if not past then return jobs_max end
  past = cjson.decode(past)
  return 0 < past.crashes + past.attempts and 1 or jobs_max
end

local reply = { now_ms, next_ms }
local fence = 0 < #keys and redis.call('INCRBY', shard .. ':fence', #keys) - #keys
for first = 1, #keys, KEYS_AT_ONCE do
  local last = math.min(first + KEYS_AT_ONCE - 1, #keys)
  local ends, running = {}, {}
  local records = redis.call('HMGET', name(queue, 'first'), unpack(keys, first, last))
  for at, past in ipairs(redis.call('HMGET', name(queue, 'history'), unpack(keys, first, last))) do
    local key = keys[first + at - 1]
    fence = fence + 1
    local claim = { key, fence, past or '', records[at] }
    local together = jobs_together(past)
    if 1 < together then
      for _, record in ipairs(redis.call('LRANGE', later_name(queue, key), 0, together - 2)) do table.insert(claim, record) end
    end
    table.insert(ends, now_ms + ARGV[5])
    table.insert(ends, key)
    table.insert(running, key)
    table.insert(running, whole(fence) .. ' ' .. #claim - 3 .. ' ' .. ARGV[12] .. ' ' .. worker)
    table.insert(reply, claim)
  end
  redis.call('ZADD', leases, unpack(ends))
  redis.call('HSET', name(queue, 'running'), unpack(running))
end

taken = #keys
if gates['*'] and 0 < #keys then go_through(gates['*'], #keys) end
for group, gate in pairs(gates) do
  if gate.is_changed then
    gate.is_changed = nil
    redis.call('HSET', name(queue, 'gates'), group, cjson.encode(gate))
  end
end

-- Nothing is written when nothing was taken: a full Redis refuses to, and a worker that only looks must not fail.
if rate and 0 < #keys then take_tokens(rate, #keys) end

-- When the first of the keys that wait at gates may go.
local held_ms = math.huge
for group, gate in pairs(gates) do
  if 0 < redis.call('LLEN', held_name(queue, group)) then
    local has, at_ms = room(gate)
    held_ms = math.min(held_ms, 0 < has and now_ms or at_ms)
  end
end

local is_ready = 0 < redis.call('LLEN', ready)
if not is_ready then
  redis.call('DEL', name(queue, 'wake'))
  gather(queue).rings = 0
end
if is_ready or held_ms <= now_ms then
  if rate and math.floor(rate.may) <= #keys then
    again_at(rate.next_ms)
  elseif whole_room <= #keys then
    again_at(whole_next_ms)
  elseif not paused_until then
    wake(queue) -- There is work for another worker too.
  end
elseif held_ms < math.huge then
  again_at(held_ms)
end

for _, waiting in ipairs({ scheduled, leases, paused }) do
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
  if first and first ~= 'inf' then again_at(tonumber(first)) end
end
reply[2] = next_ms
return reply
