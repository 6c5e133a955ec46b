-- Stop being the reader of a group, so that another may begin at once.
--
-- KEYS[1]  shard
-- ARGV[1]  group
-- ARGV[2]  reader
--
-- Replies  how many leases ended: 1 or 0
local lease = shard .. ':events:reader:' .. ARGV[1]
if redis.call('GET', lease) ~= ARGV[2] then return 0 end
return redis.call('DEL', lease)
