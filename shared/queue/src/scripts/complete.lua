-- Finish the jobs of claims and apply what they changed: of each claim together, or not at all.
--
-- KEYS[1]  shard
-- ARGV     one or more claims: queue, key, fence, then the effects: count of jobs, the jobs (see enqueue.lua), then
--          "<records> <events>", the records and the events as there
--
-- Replies  one word per claim: "done", or "stale" when it is no longer current and nothing of it was changed
local claims, queues, keys_of, at = {}, {}, {}, 1
while ARGV[at] do
  local queue = ARGV[at]
  table.insert(claims, { queue = queue, key = ARGV[at + 1], fence = ARGV[at + 2], effects = at + 3 })
  if not keys_of[queue] then
    keys_of[queue] = {}
    table.insert(queues, queue)
  end
  table.insert(keys_of[queue], ARGV[at + 1])
  at = skip_effects(at + 3)
end

-- What is common to the claims of a queue is done for all of them at once.
for _, queue in ipairs(queues) do
  local keys, fences, current, ended = keys_of[queue], {}, {}, {}
  for at, running in ipairs(redis.call('HMGET', name(queue, 'running'), unpack(keys))) do
    local fence, held = (running or ''):match('^(%d+) (%d+) ')
    if fence then fences[keys[at]] = { fence = fence, held = tonumber(held) } end
  end
  for _, claim in ipairs(claims) do
    local running = claim.queue == queue and fences[claim.key]
    if running and running.fence == claim.fence then
      claim.held = running.held
      fences[claim.key] = nil -- The same claim a second time is stale.
      table.insert(current, claim)
      table.insert(ended, claim.key)
    end
  end
  -- A full Redis refuses to add anything unless the script has taken something away before.
  call_with('ZREM', name(queue, 'leases'), ended)
  call_with('HDEL', name(queue, 'running'), ended)
  call_with('HDEL', name(queue, 'history'), ended)
  if 0 < #current then remove_first(queue, current) end
end

local replies, finished = {}, {}
for _, claim in ipairs(claims) do
  if claim.held then
    local queue = claim.queue
    finished[queue] = finished[queue] or {}
    for _, record in ipairs(claim.records) do table.insert(finished[queue], record) end
    settle(queue, claim.key, claim.next)
    apply_effects(claim.effects)
  end
  table.insert(replies, claim.held and 'done' or 'stale')
end
for queue, records in pairs(finished) do
  finish(queue, records, 'completed')
  if redis.call('EXISTS', name(queue, 'replayed')) == 1 then
    for _, record in ipairs(records) do redis.call('HDEL', name(queue, 'replayed'), job_id(record)) end
  end
end
return replies
