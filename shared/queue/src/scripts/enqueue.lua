-- Put jobs in, each at most once per event, together with the records that belong to them.
--
-- A duplicate writes nothing, its records included.
--
-- KEYS[1]  shard
-- ARGV     one or more jobs: queue, key, record without its time, count of records, then (name, value, ttl_ms) each
--
-- Replies  one word per job: "queued" or "duplicate"
local replies = {}
local at = 1
while ARGV[at] do
  local word
  word, at = enqueue(at)
  table.insert(replies, word)
end
return replies
