-- Turn the jobs of a claim into dead letters. The key goes on with its next job.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  reason
-- ARGV[5]  cause of the last failure
-- ARGV[6]  error
-- ARGV[7]  effects, as in complete.lua
--
-- Replies  "done" or "stale"
local queue, key = ARGV[1], ARGV[2]
local held = claimed(queue, key, ARGV[3])
if not held then return 'stale' end
local past = history(queue, key)
add_failure(past, ARGV[5], ARGV[6])
past.attempts = past.attempts + 1
end_lease(queue, key)
bury(queue, key, held, ARGV[4], past)
apply_effects(7)
return 'done'
