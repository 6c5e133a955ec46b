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

-- Ids are made in order: they tell jobs of one millisecond apart.
local function is_earlier(one, other)
  local one_ms, other_ms = tonumber(one:match('^(%d+) ')), tonumber(other:match('^(%d+) '))
  if one_ms ~= other_ms then return one_ms < other_ms end
  return job_id(one) < job_id(other)
end

-- Before the first waiting job that was enqueued later; never among the jobs of a claim. Halves what is left to look at:
-- a key may have ten thousand jobs, and an act a hundred letters.
local function put_back(key, record)
  local firsts, later = name(queue, 'first'), later_name(queue, key)
  local first = redis.call('HGET', firsts, key)
  if not first then
    redis.call('HSET', firsts, key, record)
    return make_ready(queue, key)
  end
  local held = tonumber((redis.call('HGET', name(queue, 'running'), key) or ''):match('^%d+ (%d+) ') or 0)
  if held == 0 and is_earlier(record, first) then
    redis.call('HDEL', name(queue, 'history'), key) -- It was the next one's.
    redis.call('LPUSH', later, first)
    return redis.call('HSET', firsts, key, record)
  end
  local waiting = redis.call('LLEN', later)
  local from, to = math.max(held - 1, 0), waiting
  while from < to do
    local middle = math.floor((from + to) / 2)
    if is_earlier(redis.call('LINDEX', later, middle), record) then from = middle + 1 else to = middle end
  end
  if from == waiting then return redis.call('RPUSH', later, record) end
  redis.call('LINSERT', later, 'BEFORE', redis.call('LINDEX', later, from), record)
end

local replies, replayed = {}, 0
for at = 4, #ARGV do
  local id = ARGV[at]
  local letter = letter_of(queue, id)
  if letter then
    remove_letter(queue, id, letter)
    local past = { replays = letter.replays + 1, failures = letter.failures }
    redis.call('HSET', name(queue, 'replayed'), id, cjson.encode(past))
    add_waiting(queue, 1)
    put_back(letter.key, letter.record)
    replayed = replayed + 1
  end
  table.insert(replies, letter and 'replayed' or 'gone')
end
if replayed > 0 then
  count(queue, 'replayed', replayed)
  audit({ operator = ARGV[2], act = 'replay', queue = queue, filter = ARGV[3], letters = replayed })
end
return replies
