-- Look at the gates of a queue that are not simply open.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
--
-- Replies  {now_ms, then (gate, JSON, keys that wait at it) of each}
local queue = ARGV[1]
local reply = { now_ms }
local stored = redis.call('HGETALL', name(queue, 'gates'))
for at = 1, #stored, 2 do
  table.insert(reply, stored[at])
  table.insert(reply, stored[at + 1])
  table.insert(reply, redis.call('LLEN', held_name(queue, stored[at])))
end
return reply
