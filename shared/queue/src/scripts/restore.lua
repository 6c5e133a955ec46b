-- Write records that are not there. What is there stays.
--
-- KEYS[1]  shard
-- ARGV[1]  one or more of (name, value)
--
-- Replies  how many were written
local written = 0
for at = 1, #ARGV, 2 do
  written = written + redis.call('SETNX', shard .. ':record:' .. ARGV[at], ARGV[at + 1])
end
return written
