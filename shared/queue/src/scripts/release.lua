-- Give a claim back untouched: no attempt is counted, and the key is first in line again.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
--
-- Replies  "done" or "stale"
local queue, key = ARGV[1], ARGV[2]
if not claimed(queue, key, ARGV[3]) then return 'stale' end
end_lease(queue, key)
redis.call('LPUSH', name(queue, 'ready'), key)
wake(queue)
return 'done'
