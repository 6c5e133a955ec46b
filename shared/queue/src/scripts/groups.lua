-- Count the dead letters of a queue by reason and by fingerprint.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  groups_max  fingerprints to show, the most frequent first
--
-- Replies  {dead letters, {reason, count}..., and for each fingerprint
--           {fingerprint, count, buried_ms of the oldest letter, newest letter (JSON)}}
local queue = ARGV[1]

local GROUPS_READ_MAX = 1000 -- A hash this large is read at once; beyond it, what is shown is a sample.

local function counts(part)
  local pairs_of = redis.call('HSCAN', name(queue, part), 0, 'COUNT', GROUPS_READ_MAX)[2]
  local list = {}
  for at = 1, #pairs_of, 2 do table.insert(list, { pairs_of[at], tonumber(pairs_of[at + 1]) }) end
  table.sort(list, function(one, other) return one[2] > other[2] end)
  return list
end

local reasons, prints = counts('dead:reasons'), {}
for at, group in ipairs(counts('dead:prints')) do
  if tonumber(ARGV[2]) < at then break end
  local index = name(queue, 'dead:print:' .. group[1])
  local oldest = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  local newest = redis.call('ZREVRANGE', index, 0, 0)[1]
  table.insert(prints, { group[1], group[2], tonumber(oldest[2]), redis.call('HGET', name(queue, 'dead'), newest) })
end
return { redis.call('ZCARD', name(queue, 'dead:at')), reasons, prints }
