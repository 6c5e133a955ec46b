-- Read the next events, as the one reader of a group: first those that were read and not taken, then new ones.
--
-- KEYS[1]  shard
-- ARGV[1]  group
-- ARGV[2]  reader      who asks
-- ARGV[3]  lease_ms    how long nobody else may read for this group without news from the reader
-- ARGV[4]  events_max
--
-- Replies  {"held", ms}     another reader has the group, for so long at most
--          {"read", id, {event id, fields}...}  oldest first; `id` is the last event that there has ever been, to wait behind
local stream, lease = shard .. ':events', shard .. ':events:reader:' .. ARGV[1]

local holder = redis.call('GET', lease)
if holder and holder ~= ARGV[2] then return { 'held', redis.call('PTTL', lease) } end
redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])

local function read(from)
  -- One consumer for all readers, so that each finds what the one before it left.
  return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], 'reader', 'COUNT', ARGV[4], 'STREAMS', stream, from)
end

local found = read('0')
if type(found) == 'table' and found.err then
  redis.call('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
  found = read('0')
end
if #found[1][2] == 0 then found = read('>') end

local about = redis.call('XINFO', 'STREAM', stream)
local reply = { 'read', '0-0' }
for at = 1, #about, 2 do
  if about[at] == 'last-generated-id' then reply[2] = about[at + 1] end
end
for _, event in ipairs(found and found[1][2] or {}) do table.insert(reply, event) end
return reply
