-- Give a claim back until a time of its own: nothing failed and nothing is counted. The key waits, and its later jobs do not
-- overtake; but a new job has it looked at again at once, since that may change what it waits for.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  delay_ms
-- ARGV[5]  waits_for  for a person
-- ARGV[6]  effects, as in complete.lua
--
-- Replies  "done" or "stale"
local queue, key = ARGV[1], ARGV[2]
if not claimed(queue, key, ARGV[3]) then return 'stale' end
local past = history(queue, key)
past.waits_for = ARGV[5]
if #past.failures == 0 then past.failures = nil end
end_lease(queue, key)
redis.call('HSET', name(queue, 'history'), key, cjson.encode(past))
make_due(queue, key, now_ms + ARGV[4])
apply_effects(6)
return 'done'
