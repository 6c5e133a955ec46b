-- Count the dead letters that fit a filter of at most one name, from its index alone.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  reason, ARGV[3] fingerprint, ARGV[4] key  "" for any; at most one is given
-- ARGV[5]  since_ms, ARGV[6] until_ms  of the burial, both inclusive
--
-- Replies  how many
return redis.call('ZCOUNT', letter_index(ARGV[1], ARGV[2], ARGV[3], ARGV[4]), ARGV[5], ARGV[6])
