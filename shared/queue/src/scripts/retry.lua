-- Give a claim back to be tried again later. The key waits: its later jobs do not overtake.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  delay_ms
-- ARGV[5]  "counted" when the attempt counts, "uncounted" when it was not the job's fault
-- ARGV[6]  cause of the failure
-- ARGV[7]  error
-- ARGV[8]  effects, as in complete.lua
--
-- Replies  "done" or "stale"
local queue, key = ARGV[1], ARGV[2]
if not claimed(queue, key, ARGV[3]) then return 'stale' end
local past = history(queue, key)
add_failure(past, ARGV[6], ARGV[7])
if ARGV[5] == 'counted' then past.attempts = past.attempts + 1 end
end_lease(queue, key)
redis.call('HSET', name(queue, 'history'), key, cjson.encode(past))
make_due(queue, key, now_ms + ARGV[4])
apply_effects(8)
return 'done'
