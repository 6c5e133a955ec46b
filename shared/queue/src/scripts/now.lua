-- Tell the time, which all times in the queue are of.
--
-- KEYS[1]  shard
--
-- Replies  now_ms
return now_ms
