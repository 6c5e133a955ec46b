-- Extend the lease of a claim that is still being worked on.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  lease_ms
--
-- Replies  "done" or "stale"
if not claimed(ARGV[1], ARGV[2], ARGV[3]) then return 'stale' end
-- A full Redis refuses ZADD unless the script has written before; a worker that is well must not lose its lease to that.
redis.call('ZREM', name(ARGV[1], 'leases'), ARGV[2])
redis.call('ZADD', name(ARGV[1], 'leases'), now_ms + ARGV[4], ARGV[2])
return 'done'
