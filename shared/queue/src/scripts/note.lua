-- Apply effects in the middle of an attempt, if the claim is still current.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  effects, as in complete.lua
--
-- Replies  "done" or "stale"
if not claimed(ARGV[1], ARGV[2], ARGV[3]) then return 'stale' end
apply_effects(4)
return 'done'
