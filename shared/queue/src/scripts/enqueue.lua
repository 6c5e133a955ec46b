-- Put jobs in, each at most once per event, together with the records and events that belong to them.
--
-- A job that is not queued writes nothing, its records and events included.
--
-- KEYS[1]  shard
-- ARGV[1]  key_jobs_max    how many jobs of one key may wait; 0 for any number
-- ARGV[2]  queue_jobs_max  how many jobs of one queue may wait, as above; while there are EVENTS_MAX events, it is full as well
-- ARGV[3]  one or more jobs: queue, key, header of its record without the time, payload, then what to write with it: a "=" when
--          the payload is an event too, and nothing more, or "<records> <events>" in the same text, the records as
--          (name, value, ttl_ms), the events
--
-- Replies  one word per job, in one text: "queued", "duplicate", "key_full" or "queue_full"
local function bound(max) return max == '0' and math.huge or tonumber(max) end
local replies = enqueue(3, math.huge, bound(ARGV[1]), bound(ARGV[2]))
return table.concat(replies, ' ')
