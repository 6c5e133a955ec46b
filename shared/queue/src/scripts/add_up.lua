-- Add to sums that all processes share.
--
-- KEYS[1]  shard
-- ARGV[1]  kept_ms  how long the sums stay after the last addition
-- then     (name of a record, amount), for each sum
--
-- Replies  each sum as it is now
local sums = {}
for at = 2, #ARGV, 2 do
  local record = shard .. ':record:' .. ARGV[at]
  table.insert(sums, redis.call('INCRBY', record, ARGV[at + 1]))
  redis.call('PEXPIRE', record, ARGV[1])
end
return sums
