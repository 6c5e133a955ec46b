-- Finish the jobs of a claim and apply what they changed: together, or not at all.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  effects: count of jobs, the jobs (see enqueue.lua), then records and events as there
--
-- Replies  "done"
--          "stale"  the claim is no longer current; nothing was changed
local queue, key = ARGV[1], ARGV[2]
local held = claimed(queue, key, ARGV[3])
if not held then return 'stale' end
-- A full Redis refuses to add anything unless the script has taken something away before.
end_lease(queue, key)
redis.call('HDEL', name(queue, 'history'), key)
local records = remove_first(queue, key, held)
finish(queue, records, 'completed')
if redis.call('EXISTS', name(queue, 'replayed')) == 1 then
  for _, record in ipairs(records) do redis.call('HDEL', name(queue, 'replayed'), job_id(record)) end
end
settle(queue, key)
apply_effects(4)
return 'done'
