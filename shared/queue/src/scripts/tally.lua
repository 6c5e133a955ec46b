-- Count the dead letters that fit a filter, by reason and by fingerprint: as groups.lua, but letter by letter, so that a
-- large number takes several calls.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  reason, ARGV[3] fingerprint, ARGV[4] key  "" for any
-- ARGV[5]  since_ms, ARGV[6] until_ms  of the burial, both inclusive
-- ARGV[7]  offset  how many of the index to pass over: where the last call ended
--
-- Replies  {next offset, or -1 at the end, {reason, count}..., and for each fingerprint
--           {fingerprint, count, buried_ms of the oldest letter, newest letter (JSON)}}
--           of the letters looked at in this call, the newest of all first
local queue, reason, print, offset = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[7])

local LOOKED_AT_MAX = 1000

local index = letter_index(queue, reason, print, ARGV[4])
local ids = redis.call('ZREVRANGEBYSCORE', index, ARGV[6], ARGV[5], 'LIMIT', offset, LOOKED_AT_MAX)
local reasons, prints, reason_at, print_at = {}, {}, {}, {}
for _, id in ipairs(ids) do
  local stored = redis.call('HGET', name(queue, 'dead'), id)
  local letter = cjson.decode(stored)
  if fits(letter, reason, print) then
    if not reason_at[letter.reason] then
      table.insert(reasons, { letter.reason, 0 })
      reason_at[letter.reason] = reasons[#reasons]
    end
    if not print_at[letter.fingerprint] then
      table.insert(prints, { letter.fingerprint, 0, 0, stored })
      print_at[letter.fingerprint] = prints[#prints]
    end
    reason_at[letter.reason][2] = reason_at[letter.reason][2] + 1
    print_at[letter.fingerprint][2] = print_at[letter.fingerprint][2] + 1
    print_at[letter.fingerprint][3] = letter.buried_ms
  end
end
return { #ids == LOOKED_AT_MAX and offset + LOOKED_AT_MAX or -1, reasons, prints }
