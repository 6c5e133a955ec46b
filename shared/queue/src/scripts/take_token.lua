-- Take a token from a bucket for something that is no claim.
--
-- KEYS[1]  shard
-- ARGV[1]  rate  name of the bucket, ARGV[2] rate_per_minute, ARGV[3] burst; as in claim.lua
--
-- Replies  0 when it was taken, else the milliseconds until there is one; then nothing was taken
local rate = bucket(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), 0)
if rate.may < 1 then return math.max(1, rate.next_ms - now_ms) end
take_tokens(rate, 1)
return 0
