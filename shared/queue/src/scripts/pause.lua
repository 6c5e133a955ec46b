-- Stop handing out a queue, or one key of it. What runs goes on. Pausing again changes reason and end.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key       "" for the whole queue
-- ARGV[3]  for_ms    0: until it is resumed
-- ARGV[4]  reason
-- ARGV[5]  operator
--
-- Replies  "done"
local queue, key, reason, by = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local until_ms = ARGV[3] == '0' and 0 or now_ms + ARGV[3]
if key == '' then
  local pause = { reason = reason, by = by, at_ms = now_ms, until_ms = until_ms }
  redis.call('SET', name(queue, 'pause'), cjson.encode(pause))
elseif redis.call('ZREM', name(queue, 'scheduled'), key) + redis.call('ZREM', name(queue, 'paused'), key) > 0 then
  set_aside(queue, key, reason, by, until_ms)
else
  -- Idle, running or ready: it is set aside when it comes to its turn. Looking for it among the ready keys would take
  -- as long as there are many.
  local pause = { reason = reason, by = by, at_ms = now_ms, until_ms = until_ms }
  redis.call('HSET', name(queue, 'pauses'), key, cjson.encode(pause))
end
audit({ operator = by, act = 'pause', queue = queue, key = key ~= '' and key or nil, reason = reason })
return 'done'
