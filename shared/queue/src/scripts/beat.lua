-- Say that a process is alive; forget those that have not for long.
--
-- KEYS[1]  shard
-- ARGV[1]  worker id; "" to only read
-- ARGV[2]  what it says of itself (JSON); "" when it ends
--
-- Replies  {now_ms, then (worker id, seen_ms, what it says) of each known worker}
local workers, seen = shard .. ':workers', shard .. ':workers:seen'

local FORGOTTEN_AFTER_MS = 10 * 60 * 1000 -- Long enough to be noticed as missing.
local WORKERS_MAX = 1000

if ARGV[1] ~= '' then
  if ARGV[2] == '' then
    redis.call('HDEL', workers, ARGV[1])
    redis.call('ZREM', seen, ARGV[1])
  else
    redis.call('HSET', workers, ARGV[1], ARGV[2])
    redis.call('ZADD', seen, now_ms, ARGV[1])
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now_ms - FORGOTTEN_AFTER_MS, 'LIMIT', 0, 100)) do
    redis.call('HDEL', workers, id)
    redis.call('ZREM', seen, id)
  end
end

local reply = { now_ms }
local known = redis.call('ZREVRANGE', seen, 0, WORKERS_MAX - 1, 'WITHSCORES')
for at = 1, #known, 2 do
  table.insert(reply, known[at])
  table.insert(reply, tonumber(known[at + 1]))
  table.insert(reply, redis.call('HGET', workers, known[at]))
end
return reply
