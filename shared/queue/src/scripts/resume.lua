-- Hand out a paused queue, or a paused key of it, again.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key       "" for the whole queue
-- ARGV[3]  operator
--
-- Replies  "done", or "not_paused" when there was nothing to resume
local queue, key = ARGV[1], ARGV[2]
local resumed
if key == '' then
  resumed = redis.call('DEL', name(queue, 'pause'))
else
  resumed = redis.call('HDEL', name(queue, 'pauses'), key)
  if redis.call('ZREM', name(queue, 'paused'), key) == 1 then make_ready(queue, key) end
end
if resumed == 0 then return 'not_paused' end
wake(queue)
audit({ operator = ARGV[3], act = 'resume', queue = queue, key = key ~= '' and key or nil })
return 'done'
