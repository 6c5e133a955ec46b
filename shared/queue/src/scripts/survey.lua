-- Look at a queue without changing it.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  dead_max  how many of the newest dead letters to return
--
-- Replies  {ready keys, scheduled keys, running keys, dead letters, dead letter (JSON)...}
local queue = ARGV[1]
local reply = {
  redis.call('LLEN', name(queue, 'ready')),
  redis.call('ZCARD', name(queue, 'scheduled')),
  redis.call('ZCARD', name(queue, 'leases')),
  redis.call('ZCARD', name(queue, 'dead:at')),
}
if tonumber(ARGV[2]) > 0 then
  for _, id in ipairs(redis.call('ZREVRANGE', name(queue, 'dead:at'), 0, ARGV[2] - 1)) do
    table.insert(reply, redis.call('HGET', name(queue, 'dead'), id))
  end
end
return reply
