-- Apply effects in the middle of an attempt, if the claim is still current.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  unless_queue   nothing is applied if that queue has jobs of the key; "" for no such condition
-- ARGV[5]  unless         "waiting": any jobs, running ones too; "running": only jobs that are being worked on
-- ARGV[6]  unless_record  nothing is applied if there is a record of this name; "" for no such condition
-- ARGV[7]  effects, as in complete.lua
--
-- Replies  "done", "stale", "busy": that queue has jobs of the key, or "refused": there is that record
local key, other = ARGV[2], ARGV[4]
if not claimed(ARGV[1], key, ARGV[3]) then return 'stale' end
if other ~= '' then
  local is_running = redis.call('HEXISTS', name(other, 'running'), key) == 1
  if is_running then return 'busy' end
  if ARGV[5] == 'waiting' and redis.call('HEXISTS', name(other, 'first'), key) == 1 then return 'busy' end
end
if ARGV[6] ~= '' and redis.call('EXISTS', shard .. ':record:' .. ARGV[6]) == 1 then return 'refused' end
apply_effects(7)
return 'done'
