-- Look for the job that has been in a queue longest, among the keys of each state.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  keys_max  keys to look at in each state: those first in line, due first, or with the lease that ends first
--
-- Replies  {now_ms, then enqueued_ms of the oldest job of the ready, scheduled, running, paused and held keys, 0 for none}
local queue, last = ARGV[1], ARGV[2] - 1

local function oldest(keys)
  local oldest_ms
  for _, key in ipairs(keys) do
    local record = redis.call('HGET', name(queue, 'first'), key)
    local enqueued_ms = record and tonumber(record:match('^(%d+) '))
    if enqueued_ms and (not oldest_ms or enqueued_ms < oldest_ms) then oldest_ms = enqueued_ms end
  end
  return oldest_ms or 0
end

local held = {}
for _, gate in ipairs(redis.call('HKEYS', name(queue, 'gates'))) do
  for _, key in ipairs(redis.call('LRANGE', held_name(queue, gate), 0, last)) do table.insert(held, key) end
end

return {
  now_ms,
  oldest(redis.call('LRANGE', name(queue, 'ready'), 0, last)),
  oldest(redis.call('ZRANGE', name(queue, 'scheduled'), 0, last)),
  oldest(redis.call('ZRANGE', name(queue, 'leases'), 0, last)),
  oldest(redis.call('ZRANGE', name(queue, 'paused'), 0, last)),
  oldest(held),
}
