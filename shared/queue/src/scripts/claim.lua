-- Take keys under a lease, each with its oldest jobs; first make ready what has become due or lost its worker.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  keys_max     how many keys to take
-- ARGV[3]  jobs_max     how many jobs of one key to take together
-- ARGV[4]  lease_ms     how long the claim holds without a renewal
-- ARGV[5]  crashes_max  a key whose worker vanished this often is buried as "poison"
--
-- Replies  {now_ms, next_ms, claim...}
--          next_ms  until the next key becomes due or loses its lease; -1 when none will
--          claim    {key, fence, history (JSON or ""), record...}
local queue, keys_max, jobs_max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local ready, scheduled, leases = name(queue, 'ready'), name(queue, 'scheduled'), name(queue, 'leases')

local RESCUES_MAX = 16 -- In one call; the next call takes the next ones.
local PROMOTIONS_MAX = 128 -- As above; more than keys_max, so that a backlog of due keys shrinks.

for _, key in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms, 'LIMIT', 0, RESCUES_MAX)) do
  local _, count = redis.call('HGET', name(queue, 'running'), key):match('^(%d+) (%d+)$')
  local past = history(queue, key)
  past.crashes = past.crashes + 1
  add_failure(past, 'crash', 'the worker vanished before it reported an outcome')
  end_lease(queue, key)
  if past.crashes >= tonumber(ARGV[5]) then
    bury(queue, key, tonumber(count), 'poison', past)
  else
    redis.call('HSET', name(queue, 'history'), key, cjson.encode(past))
    redis.call('LPUSH', ready, key)
  end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', scheduled, '-inf', now_ms, 'LIMIT', 0, PROMOTIONS_MAX)) do
  redis.call('ZREM', scheduled, key)
  redis.call('RPUSH', ready, key)
end

local next_ms = -1
local reply = { now_ms, next_ms }
for _, key in ipairs(redis.call('LPOP', ready, keys_max) or {}) do
  local records = redis.call('LRANGE', jobs_name(queue, key), 0, jobs_max - 1)
  local fence = redis.call('INCR', shard .. ':fence')
  redis.call('ZADD', leases, now_ms + ARGV[4], key)
  redis.call('HSET', name(queue, 'running'), key, string.format('%.0f %d', fence, #records))
  local past = redis.call('HGET', name(queue, 'history'), key) or ''
  local claim = { key, fence, past }
  for _, record in ipairs(records) do table.insert(claim, record) end -- `unpack` fails at some 8,000.
  table.insert(reply, claim)
end

if redis.call('LLEN', ready) > 0 then
  wake(queue) -- There is work for another worker too.
else
  redis.call('DEL', name(queue, 'wake'))
end

for _, waiting in ipairs({ scheduled, leases }) do
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
  if first then
    local in_ms = math.max(0, first - now_ms)
    if next_ms < 0 or in_ms < next_ms then next_ms = in_ms end
  end
end
reply[2] = next_ms
return reply
