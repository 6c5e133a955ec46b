-- Hand out a paused queue, or a paused key of it, again. With the queue its gates that are shut begin to open.
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
  local stored = redis.call('HGETALL', name(queue, 'gates'))
  for at = 1, #stored, 2 do
    local gate = cjson.decode(stored[at + 1])
    if gate.state == 'shut' then
      resumed = resumed + 1
      gate.state, gate.at_ms, gate.step, gate.passed = 'ramp', now_ms, 0, 0
      gate.until_ms, gate.is_tried = nil, nil
      redis.call('HSET', name(queue, 'gates'), stored[at], cjson.encode(gate))
    end
  end
else
  resumed = redis.call('HDEL', name(queue, 'pauses'), key)
  if redis.call('ZREM', name(queue, 'paused'), key) == 1 then make_ready(queue, key) end
end
if resumed == 0 then return 'not_paused' end
wake(queue)
audit({ operator = ARGV[3], act = 'resume', queue = queue, key = key ~= '' and key or nil })
return 'done'
