-- Give a claim back to be tried again later. The key waits: its later jobs do not overtake.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  delay_ms
-- ARGV[5]  "counted" when the attempt counts, "uncounted" when it was not the job's fault, "held" when a gate says so
-- ARGV[6]  stuck_ms  a key whose first job has been here for longer is set aside until an operator resumes it; not if it is "held"
-- ARGV[7]  cause of the failure
-- ARGV[8]  error
-- ARGV[9]  effects, as in complete.lua
--
-- Replies  "done" or "stale"
local queue, key = ARGV[1], ARGV[2]
if not claimed(queue, key, ARGV[3]) then return 'stale' end
local past = history(queue, key)
add_failure(past, ARGV[7], ARGV[8])
past.waits_for = nil
if ARGV[5] == 'counted' then past.attempts = past.attempts + 1 end
end_lease(queue, key)
redis.call('HSET', name(queue, 'history'), key, cjson.encode(past))
count(queue, 'retried', 1)
local enqueued_ms = redis.call('HGET', name(queue, 'first'), key):match('^(%d+) ')
if ARGV[5] ~= 'held' and tonumber(ARGV[6]) < now_ms - enqueued_ms then
  set_aside(queue, key, 'stuck: ' .. ARGV[7], 'queue', 0)
else
  make_due(queue, key, now_ms + ARGV[4])
end
apply_effects(9)
return 'done'
