-- Take from an allowance, if there is enough of it within each of its spans, whenever they begin.
--
-- KEYS[1]  shard
-- ARGV[1]  allowance
-- ARGV[2]  cost
-- ARGV[3]  one or more of (span_ms, most)
--
-- Replies  0 when it was taken, else the milliseconds until there is enough; then nothing was taken
local spent = shard .. ':allowance:' .. ARGV[1]
local cost = tonumber(ARGV[2])

local SLOTS = 60 -- Of a span. What was spent in a slot comes back when the whole slot is a span ago.

local slots = {} -- span -> {slot, amount}, oldest first
local stored = redis.call('HGETALL', spent)
for at = 1, #stored, 2 do
  local span, slot = stored[at]:match('^(%d+):(%d+)$')
  slots[span] = slots[span] or {}
  table.insert(slots[span], { tonumber(slot), tonumber(stored[at + 1]) })
end

local wait_ms, longest_ms, over = 0, 0, {}
for at = 3, #ARGV, 2 do
  local span, most = ARGV[at], tonumber(ARGV[at + 1])
  local slot_ms = span / SLOTS
  local oldest, sum, counted = math.floor(now_ms / slot_ms) - SLOTS, 0, {}
  for _, slot in ipairs(slots[span] or {}) do
    if slot[1] < oldest then
      table.insert(over, span .. ':' .. whole(slot[1]))
    else
      table.insert(counted, slot)
      sum = sum + slot[2]
    end
  end
  table.sort(counted, function(one, other) return one[1] < other[1] end)
  for _, slot in ipairs(counted) do
    if sum + cost <= most then break end
    sum = sum - slot[2]
    wait_ms = math.max(wait_ms, math.ceil((slot[1] + SLOTS + 1) * slot_ms - now_ms))
  end
  longest_ms = math.max(longest_ms, tonumber(span))
end
if 0 < wait_ms then return wait_ms end

call_with('HDEL', spent, over)
for at = 3, #ARGV, 2 do
  redis.call('HINCRBY', spent, ARGV[at] .. ':' .. whole(math.floor(now_ms / (ARGV[at] / SLOTS))), cost)
end
redis.call('PEXPIRE', spent, whole(longest_ms * 2))
return 0
