-- Turn a new job into a dead letter without queueing it, at most once per event, together with its records and events.
--
-- KEYS[1]  shard
-- ARGV[1]  letters_max  how many dead letters of its queue may have the reason
-- ARGV[2]  reason
-- ARGV[3]  cause of the failure
-- ARGV[4]  error
-- ARGV[5]  the job, as in enqueue.lua
--
-- Replies  "buried", "duplicate" or "full"
local letters = redis.call('HGET', name(ARGV[5], 'dead:reasons'), ARGV[2]) or 0
if tonumber(ARGV[1]) <= tonumber(letters) then return 'full' end
local jobs, queues = read_jobs(5, 1)
local queue, key, event = jobs[1].queue, jobs[1].key, jobs[1].event
if event and queues[queue].seen[event] then
  count(queue, 'duplicate', 1)
  return 'duplicate'
end
remember_events(queue, { event })
local record = new_record(5)
local failure = { at_ms = now_ms, attempt = 0, cause = ARGV[3], error = ARGV[4] }
add_letter(queue, job_id(record), {
  key = key, reason = ARGV[2], fingerprint = fingerprint(failure), record = record, attempts = 0, crashes = 0,
  replays = 0, failures = { failure }, buried_ms = now_ms,
})
count(queue, 'buried', 1)
write_beside_job(5)
return 'buried'
