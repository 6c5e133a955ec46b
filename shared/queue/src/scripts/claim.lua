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
--
-- Replies  {now_ms, next_ms, claim...}
--          next_ms  until the next key becomes due or loses its lease, or the bucket has a token; -1 when none will
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

-- The tokens in the bucket now, and when it has the next one.
local function tokens()
  local per_minute, burst = tonumber(ARGV[8]), tonumber(ARGV[9])
  local stored = redis.call('HMGET', shard .. ':rate:' .. ARGV[7], 'tokens', 'at_ms')
  local left = tonumber(stored[1] or burst)
  local since_ms = math.max(0, now_ms - tonumber(stored[2] or now_ms))
  left = math.min(burst, left + since_ms * per_minute / 60000)
  return left, now_ms + math.ceil((math.floor(left) + 1 - left) * 60000 / per_minute)
end

local paused_until, rate_left, rate_next_ms = queue_paused_until(), nil, nil
if paused_until then
  keys_max = 0
  if paused_until < math.huge then again_at(paused_until) end
elseif ARGV[7] ~= '' then
  rate_left, rate_next_ms = tokens()
  keys_max = math.min(keys_max, math.floor(rate_left))
end

-- A key that is paused and comes to its turn is set aside; the next one has its turn instead.
local function next_key()
  local key = redis.call('LPOP', ready)
  local pause = key and redis.call('HGET', name(queue, 'pauses'), key)
  if not pause then return key end
  local until_ms = cjson.decode(pause).until_ms
  if 0 < until_ms and until_ms <= now_ms then
    redis.call('HDEL', name(queue, 'pauses'), key)
    return key
  end
  redis.call('ZADD', paused, until_ms == 0 and '+inf' or until_ms, key)
end

local keys = {}
if redis.call('EXISTS', name(queue, 'pauses')) == 0 then
  if 0 < keys_max then keys = redis.call('LPOP', ready, keys_max) or {} end
else
  for _ = 1, math.min(keys_max + PROMOTIONS_MAX, redis.call('LLEN', ready)) do
    if #keys == keys_max then break end
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
local KEYS_AT_ONCE = 1000 -- One command for many keys is cheaper; `unpack` fails at some 8,000 values.
local fence = 0 < #keys and redis.call('INCRBY', shard .. ':fence', #keys) - #keys
for first = 1, #keys, KEYS_AT_ONCE do
  local last = math.min(first + KEYS_AT_ONCE - 1, #keys)
  local ends, running = {}, {}
  for at, past in ipairs(redis.call('HMGET', name(queue, 'history'), unpack(keys, first, last))) do
    local key = keys[first + at - 1]
    local claim = redis.call('LRANGE', jobs_name(queue, key), 0, jobs_together(past) - 1)
    fence = fence + 1
    table.insert(ends, now_ms + ARGV[5])
    table.insert(ends, key)
    table.insert(running, key)
    table.insert(running, whole(fence) .. ' ' .. #claim .. ' ' .. worker)
    table.insert(claim, 1, past or '')
    table.insert(claim, 1, fence)
    table.insert(claim, 1, key)
    table.insert(reply, claim)
  end
  redis.call('ZADD', leases, unpack(ends))
  redis.call('HSET', name(queue, 'running'), unpack(running))
end

-- Nothing is written when nothing was taken: a full Redis refuses to, and a worker that only looks must not fail.
if rate_left and 0 < #keys then
  local bucket = shard .. ':rate:' .. ARGV[7]
  redis.call('HSET', bucket, 'tokens', tostring(rate_left - #keys), 'at_ms', whole(now_ms))
  redis.call('PEXPIRE', bucket, 120000) -- A bucket left alone is full again long before.
end

if redis.call('LLEN', ready) == 0 then
  redis.call('DEL', name(queue, 'wake'))
  gather(queue).rings = 0
elseif rate_left and math.floor(rate_left) <= #keys then
  again_at(rate_next_ms)
elseif not paused_until then
  wake(queue) -- There is work for another worker too.
end

for _, waiting in ipairs({ scheduled, leases, paused }) do
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
  if first and first ~= 'inf' then again_at(tonumber(first)) end
end
reply[2] = next_ms
return reply
