-- Look at who works on a queue and at how much it may still claim.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  rate  name of the queue's token bucket; "" for none
--
-- Replies  {now_ms, tokens left when last looked at, or "" for no bucket, then (worker id, keys) of each worker that
--           holds a lease}
local queue = ARGV[1]

local KEYS_MAX = 10000 -- More than all workers together hold; beyond it, what is counted is a sample.

local held = {}
for _, key in ipairs(redis.call('ZRANGE', name(queue, 'leases'), 0, KEYS_MAX - 1)) do
  local worker = (redis.call('HGET', name(queue, 'running'), key) or ''):match('^%d+ %d+ (.*)$') or ''
  held[worker] = (held[worker] or 0) + 1
end
local tokens = ARGV[2] ~= '' and redis.call('HGET', shard .. ':rate:' .. ARGV[2], 'tokens') or ''
local reply = { now_ms, tokens }
for worker, keys in pairs(held) do
  table.insert(reply, worker)
  table.insert(reply, keys)
end
return reply
