-- Change a gate, if it is still what it was when the change was decided.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  gate
-- ARGV[3]  was      JSON; "" for none
-- ARGV[4]  becomes  JSON; "" for none, which only a gate may become that never held anything back
--
-- Replies  "done", or "changed" when it is no longer what it was
local queue, gate = ARGV[1], ARGV[2]
local gates = name(queue, 'gates')
if (redis.call('HGET', gates, gate) or '') ~= ARGV[3] then return 'changed' end
if ARGV[3] == '' and GATES_MAX <= redis.call('HLEN', gates) then return 'done' end
if ARGV[4] == '' then redis.call('HDEL', gates, gate) else redis.call('HSET', gates, gate, ARGV[4]) end
wake(queue) -- A worker that sleeps until the gate lets something through looks again.
return 'done'
