-- Give a dead letter another payload, to be replayed later. It stays what and where it is.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  operator
-- ARGV[3]  reason
-- ARGV[4]  job id
-- ARGV[5]  payload
--
-- Replies  "edited", or "gone" when there is no such dead letter
local queue, id = ARGV[1], ARGV[4]
local letter = letter_of(queue, id)
if not letter then return 'gone' end
letter.record = letter.record:match('^[^\n]*\n') .. ARGV[5]
redis.call('HSET', name(queue, 'dead'), id, cjson.encode(letter))
audit({ operator = ARGV[2], act = 'edit', queue = queue, reason = ARGV[3], job = id })
return 'edited'
