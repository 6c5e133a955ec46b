-- Write records in the middle of an attempt, if the claim is still current.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key
-- ARGV[3]  fence
-- ARGV[4]  count of records, the records
--
-- Replies  "done" or "stale"
if not claimed(ARGV[1], ARGV[2], ARGV[3]) then return 'stale' end
write_records(4)
return 'done'
