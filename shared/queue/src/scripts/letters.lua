-- Find dead letters, in the order of their burial.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  reason, ARGV[3] fingerprint, ARGV[4] key  "" for any
-- ARGV[5]  since_ms, ARGV[6] until_ms  of the burial, both inclusive
-- ARGV[7]  offset    how many of the index to pass over: where the last call ended
-- ARGV[8]  found_max
-- ARGV[9]  job id    "" for any; else no other letter is looked at
-- ARGV[10] order     "newest" or "oldest" first
--
-- Replies  {next offset, or -1 at the end, then (job id, letter (JSON)) of each one found}
local queue, reason, print, key = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if ARGV[9] ~= '' then
  local stored = redis.call('HGET', name(queue, 'dead'), ARGV[9])
  local letter = stored and cjson.decode(stored)
  local is_in_time = letter and tonumber(ARGV[5]) <= letter.buried_ms and letter.buried_ms <= tonumber(ARGV[6])
  local is_of_key = letter and (key == '' or letter.key == key)
  return is_in_time and is_of_key and fits(letter, reason, print) and { -1, ARGV[9], stored } or { -1 }
end

local offset, found_max = tonumber(ARGV[7]), tonumber(ARGV[8])

local LOOKED_AT_MAX = 1000 -- Letters decoded in one call; a filter that fits few takes more calls.

local reply = { -1 }
local index, ids = letter_index(queue, reason, print, key), nil
if ARGV[10] == 'oldest' then
  ids = redis.call('ZRANGEBYSCORE', index, ARGV[5], ARGV[6], 'LIMIT', offset, LOOKED_AT_MAX)
else
  ids = redis.call('ZREVRANGEBYSCORE', index, ARGV[6], ARGV[5], 'LIMIT', offset, LOOKED_AT_MAX)
end
for looked_at, id in ipairs(ids) do
  local stored = redis.call('HGET', name(queue, 'dead'), id)
  if fits(cjson.decode(stored), reason, print) then
    table.insert(reply, id)
    table.insert(reply, stored)
    if #reply == 1 + 2 * found_max then
      reply[1] = offset + looked_at
      return reply
    end
  end
end
if #ids == LOOKED_AT_MAX then reply[1] = offset + LOOKED_AT_MAX end
return reply
