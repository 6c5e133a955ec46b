-- Look at keys of a queue and at what they wait for, without changing anything.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  key       "" for those that are first in line in each state
-- ARGV[3]  keys_max  of each state
--
-- Replies  {now_ms, key...}
--          key  {key, state, at_ms, jobs, head record or "", history (JSON or ""), pause (JSON or ""), worker or ""}
--          at_ms  scheduled: due; running: the lease ends; paused: until, 0 for no end; else 0
local queue, keys_max = ARGV[1], tonumber(ARGV[3])
local reply = { now_ms }

local function show(key, state, at_ms)
  local running = redis.call('HGET', name(queue, 'running'), key) or ''
  table.insert(reply, {
    key, state, at_ms,
    redis.call('HEXISTS', name(queue, 'first'), key) + redis.call('LLEN', later_name(queue, key)),
    redis.call('HGET', name(queue, 'first'), key) or '',
    redis.call('HGET', name(queue, 'history'), key) or '',
    redis.call('HGET', name(queue, 'pauses'), key) or '',
    running:match('^%d+ %d+ %d+ (.*)$') or '',
  })
end

local function score(part, key)
  local at = redis.call('ZSCORE', name(queue, part), key)
  return at and (at == 'inf' and 0 or tonumber(at))
end

local SORTED = { running = 'leases', scheduled = 'scheduled', paused = 'paused' }

if ARGV[2] ~= '' then
  local key = ARGV[2]
  for state, part in pairs(SORTED) do
    local at_ms = score(part, key)
    if at_ms then
      show(key, state, at_ms)
      return reply
    end
  end
  for _, held in ipairs(held_names(queue, key)) do
    if redis.call('LPOS', held, key) then
      show(key, 'held', 0)
      return reply
    end
  end
  -- A key with jobs that is nowhere else is ready; to find its place would mean reading the whole list.
  show(key, redis.call('HEXISTS', name(queue, 'first'), key) == 1 and 'ready' or 'idle', 0)
  return reply
end

for _, key in ipairs(redis.call('LRANGE', name(queue, 'ready'), 0, keys_max - 1)) do show(key, 'ready', 0) end
for _, gate in ipairs(redis.call('HKEYS', name(queue, 'gates'))) do
  for _, key in ipairs(redis.call('LRANGE', held_name(queue, gate), 0, keys_max - 1)) do show(key, 'held', 0) end
end
for state, part in pairs(SORTED) do
  local first = redis.call('ZRANGE', name(queue, part), 0, keys_max - 1)
  for _, key in ipairs(first) do show(key, state, score(part, key)) end
end
return reply
