-- Put jobs in, each at most once per event, together with the records and events that belong to them.
--
-- A job that is not queued writes nothing, its records and events included.
--
-- KEYS[1]  shard
-- ARGV[1]  key_jobs_max    how many jobs of one key may wait
-- ARGV[2]  queue_jobs_max  how many jobs of one queue may wait; while there are EVENTS_MAX events, it is full as well
-- ARGV[3]  one or more jobs: queue, key, record without its time, count of records, then (name, value, ttl_ms) each,
--          count of events (after a "=" when the job itself is one, too), the events
--
-- Replies  one word per job: "queued", "duplicate", "key_full" or "queue_full"
local replies = {}
local at = 3
while ARGV[at] do
  local word
  word, at = enqueue(at, tonumber(ARGV[1]), tonumber(ARGV[2]))
  table.insert(replies, word)
end
return replies
