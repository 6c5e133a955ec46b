-- Put dead letters back in the queue: attempts start anew, failures are kept, and the job returns to its place among
-- the jobs of its key that wait.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  operator
-- ARGV[3]  filter    for the audit
-- ARGV[4]  job ids
--
-- Replies  one word per id: "replayed", or "gone" when there is no such dead letter
local queue = ARGV[1]

-- Before the first waiting job that was enqueued later; never among the jobs of a claim.
local function put_back(key, record)
  local jobs = jobs_name(queue, key)
  local held = (redis.call('HGET', name(queue, 'running'), key) or ''):match('^%d+ (%d+) ')
  local enqueued_ms = tonumber(record:match('^(%d+) '))
  for at, other in ipairs(redis.call('LRANGE', jobs, held or 0, -1)) do
    if enqueued_ms < tonumber(other:match('^(%d+) ')) then
      if at == 1 and not held then redis.call('HDEL', name(queue, 'history'), key) end -- It was the next one's.
      return redis.call('LINSERT', jobs, 'BEFORE', other, record)
    end
  end
  return redis.call('RPUSH', jobs, record)
end

local replies, replayed = {}, 0
for at = 4, #ARGV do
  local id = ARGV[at]
  local letter = letter_of(queue, id)
  if letter then
    remove_letter(queue, id, letter)
    local past = { replays = letter.replays + 1, failures = letter.failures }
    redis.call('HSET', name(queue, 'replayed'), id, cjson.encode(past))
    redis.call('INCR', name(queue, 'waiting'))
    if put_back(letter.key, letter.record) == 1 then make_ready(queue, letter.key) end
    replayed = replayed + 1
  end
  table.insert(replies, letter and 'replayed' or 'gone')
end
if replayed > 0 then
  count(queue, 'replayed', replayed)
  audit({ operator = ARGV[2], act = 'replay', queue = queue, filter = ARGV[3], letters = replayed })
end
return replies
