-- Read what operators did, newest first.
--
-- KEYS[1]  shard
-- ARGV[1]  entries_max
--
-- Replies  entries (JSON)
return redis.call('LRANGE', shard .. ':audit', 0, ARGV[1] - 1)
