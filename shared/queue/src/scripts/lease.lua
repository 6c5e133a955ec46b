-- Take a record for a while, unless somebody has it.
--
-- KEYS[1]  shard
-- ARGV[1]  name
-- ARGV[2]  holder    what the record says
-- ARGV[3]  lasts_ms  when it ends by itself
--
-- Replies  "taken" or "held"
local taken = redis.call('SET', shard .. ':record:' .. ARGV[1], ARGV[2], 'NX', 'PX', ARGV[3])
return taken and 'taken' or 'held'
