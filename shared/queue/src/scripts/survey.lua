-- Look at a queue without changing it.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
--
-- Replies  {now_ms, waiting jobs, ready keys, scheduled keys, running keys, paused keys, keys held at gates, dead
--           letters, pause (JSON or ""), enqueued_ms of the oldest ready job or 0, counters of the last five minutes
--           (what, count)...}
local queue = ARGV[1]
local oldest = redis.call('LINDEX', name(queue, 'ready'), 0)
local record = oldest and redis.call('HGET', name(queue, 'first'), oldest)
local held = 0
for _, gate in ipairs(redis.call('HKEYS', name(queue, 'gates'))) do
  held = held + redis.call('LLEN', held_name(queue, gate))
end
local reply = {
  now_ms,
  tonumber(redis.call('GET', name(queue, 'waiting')) or 0),
  redis.call('LLEN', name(queue, 'ready')),
  redis.call('ZCARD', name(queue, 'scheduled')),
  redis.call('ZCARD', name(queue, 'leases')),
  redis.call('ZCARD', name(queue, 'paused')),
  held,
  redis.call('ZCARD', name(queue, 'dead:at')),
  redis.call('GET', name(queue, 'pause')) or '',
  record and tonumber(record:match('^(%d+) ')) or 0,
}
local sums = {}
local minute = math.floor(now_ms / 60000)
for ago = 0, 4 do
  local counted = redis.call('HGETALL', name(queue, 'minute:' .. whole(minute - ago)))
  for at = 1, #counted, 2 do sums[counted[at]] = (sums[counted[at]] or 0) + counted[at + 1] end
end
for what, sum in pairs(sums) do
  table.insert(reply, what)
  table.insert(reply, sum)
end
return reply
