-- Finish the jobs of a claim and apply what they changed: together, or not at all.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  effects: count of jobs, the jobs (see enqueue.lua), count of records, the records
--
-- Replies  "done"
--          "stale"  the claim is no longer current; nothing was changed
local queue, key = ARGV[1], ARGV[2]
local count = claimed(queue, key, ARGV[3])
if not count then return 'stale' end
end_lease(queue, key)
redis.call('HDEL', name(queue, 'history'), key)
redis.call('LTRIM', jobs_name(queue, key), count, -1)
settle(queue, key)
apply_effects(4)
return 'done'
