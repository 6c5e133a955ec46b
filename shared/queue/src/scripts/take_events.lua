-- Say that events are kept elsewhere now, and drop what every group of readers has taken.
--
-- KEYS[1]  shard
-- ARGV[1]  group
-- ARGV[2]  one or more event ids
--
-- Replies  how many events were dropped
local stream = shard .. ':events'
redis.call('XACK', stream, ARGV[1], unpack(ARGV, 2))

local function parts(id)
  local ms, number = id:match('^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end

-- The first event that a group still needs.
local function needed(group)
  local fields = {}
  for at = 1, #group, 2 do fields[group[at]] = group[at + 1] end
  if 0 < fields.pending then
    return parts(redis.call('XPENDING', stream, fields.name)[2])
  end
  local ms, number = parts(fields['last-delivered-id'])
  return ms, number + 1
end

local first_ms, first_number
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local ms, number = needed(group)
  if not first_ms or ms < first_ms or (ms == first_ms and number < first_number) then
    first_ms, first_number = ms, number
  end
end
return redis.call('XTRIM', stream, 'MINID', '=', whole(first_ms) .. '-' .. whole(first_number))
