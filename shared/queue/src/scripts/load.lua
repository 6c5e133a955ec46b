-- Look at who works on a queue and at how much it may still claim.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  rate  name of the queue's token bucket; "" for none
--
-- Replies  {now_ms, tokens left when last looked at, or "" for no bucket, until when its provider allows nothing or 0, then
--           (worker id, keys) of each worker that holds a lease}
local queue = ARGV[1]

local KEYS_MAX = 10000 -- More than all workers together hold; beyond it, what is counted is a sample.

local held = {}
for _, key in ipairs(redis.call('ZRANGE', name(queue, 'leases'), 0, KEYS_MAX - 1)) do
  local worker = (redis.call('HGET', name(queue, 'running'), key) or ''):match('^%d+ %d+ %d+ (.*)$') or ''
  held[worker] = (held[worker] or 0) + 1
end
local bucket = { false, false, false }
if ARGV[2] ~= '' then bucket = redis.call('HMGET', shard .. ':rate:' .. ARGV[2], 'tokens', 'left', 'until_ms') end
local until_ms = tonumber(bucket[3] or 0)
local is_used_up = now_ms < until_ms and tonumber(bucket[2]) < 1
local reply = { now_ms, bucket[1] or '', is_used_up and until_ms or 0 }
for worker, keys in pairs(held) do
  table.insert(reply, worker)
  table.insert(reply, keys)
end
return reply
