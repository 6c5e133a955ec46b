-- Hold a token bucket to what its provider says of its own count.
--
-- KEYS[1]  shard
-- ARGV[1]  rate          name of the bucket
-- ARGV[2]  limit         the most in a minute; "" when it was not said
-- ARGV[3]  left          what may still be asked in the window of now
-- ARGV[4]  resets_in_ms  until that window ends
--
-- Replies  "done"
local bucket = shard .. ':rate:' .. ARGV[1]
local left, until_ms = tonumber(ARGV[3]), now_ms + ARGV[4]

local SAME_WINDOW_MS = 2000 -- The provider's clock and its windows are told in whole seconds.

local stored = redis.call('HMGET', bucket, 'left', 'until_ms')
local stored_left, stored_until_ms = tonumber(stored[1]), tonumber(stored[2])
if stored_until_ms and now_ms < stored_until_ms and until_ms < stored_until_ms + SAME_WINDOW_MS then
  -- News of one window come in any order, and do not count what was claimed and has not been asked yet.
  left, until_ms = math.min(left, stored_left), math.max(until_ms, stored_until_ms)
end
redis.call('HSET', bucket, 'left', whole(left), 'until_ms', whole(until_ms))
if ARGV[2] ~= '' then redis.call('HSET', bucket, 'limit', ARGV[2]) end
redis.call('PEXPIRE', bucket, whole(math.max(RATE_KEPT_MS, until_ms - now_ms)))
return 'done'
