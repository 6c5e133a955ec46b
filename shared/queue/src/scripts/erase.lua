-- Forget keys and words that name who they are about: their jobs and dead letters in some queues, records, other dead
-- letters, and the words wherever they stand in the audit. Nothing is changed while a job of the keys runs.
--
-- KEYS[1]  shard
-- ARGV[1]  operator
-- ARGV[2]  reason
-- ARGV[3]  name     what stands for the words instead
-- ARGV[4]  count of queues, the queues
-- then     count of keys, the keys
-- then     count of keys that must have no jobs, the keys: such a job may be about the words, and its key does not tell
-- then     count of letters of other keys, then (queue, job id)
-- then     count of words, the words: what must not be found afterwards
-- then     count of records to delete, their names
-- then     count of records to rename, then (old name, new name)
--
-- Replies  {"done", jobs, letters}, or {"running", 0, 0}, or {"waiting", 0, 0} when a key has jobs that must have none
local at = 4
local function list(width)
  local count, found = tonumber(ARGV[at]), {}
  for index = 1, count * width do found[index] = ARGV[at + index] end
  at = at + 1 + count * width
  return found
end
local queues, keys, without_jobs, others = list(1), list(1), list(1), list(2)
local words, deleted, renamed = list(1), list(1), list(2)

for _, queue in ipairs(queues) do
  for _, key in ipairs(keys) do
    if redis.call('HEXISTS', name(queue, 'running'), key) == 1 then return { 'running', 0, 0 } end
  end
  for _, key in ipairs(without_jobs) do
    if redis.call('HEXISTS', name(queue, 'first'), key) == 1 then return { 'waiting', 0, 0 } end
  end
end

local jobs, letters = 0, 0
for _, queue in ipairs(queues) do
  for _, key in ipairs(keys) do
    local waiting = redis.call('HEXISTS', name(queue, 'first'), key) + redis.call('LLEN', later_name(queue, key))
    if 0 < waiting then
      local all = { key = key, held = waiting }
      remove_first(queue, { all })
      for _, record in ipairs(all.records) do redis.call('HDEL', name(queue, 'replayed'), job_id(record)) end
    end
    local is_sorted = 0 < redis.call('ZREM', name(queue, 'scheduled'), key) + redis.call('ZREM', name(queue, 'paused'), key)
    if 0 < waiting and not is_sorted then
      -- It is in one of these lines, and nothing says where: 100,000 keys are looked through in a millisecond or two.
      redis.call('LREM', name(queue, 'ready'), 0, key)
      for _, held in ipairs(held_names(queue, key)) do redis.call('LREM', held, 0, key) end
    end
    redis.call('HDEL', name(queue, 'pauses'), key)
    redis.call('HDEL', name(queue, 'history'), key)
    local dead = redis.call('ZRANGE', name(queue, 'dead:key:' .. key), 0, -1)
    for _, id in ipairs(dead) do remove_letter(queue, id, letter_of(queue, id)) end
    jobs, letters = jobs + waiting, letters + #dead
  end
end
for index = 1, #others, 2 do
  local letter = letter_of(others[index], others[index + 1])
  if letter then
    remove_letter(others[index], others[index + 1], letter)
    letters = letters + 1
  end
end
for _, record in ipairs(deleted) do redis.call('DEL', shard .. ':record:' .. record) end
for index = 1, #renamed, 2 do
  local old = shard .. ':record:' .. renamed[index]
  if redis.call('EXISTS', old) == 1 then redis.call('RENAME', old, shard .. ':record:' .. renamed[index + 1]) end
end

local written, patterns = {}, {} -- As they stand in an entry.
for index, word in ipairs(words) do
  written[index] = cjson.encode(word):sub(2, -2)
  patterns[index] = written[index]:gsub('%p', '%%%0')
end
local replacement = ARGV[3]:gsub('%%', '%%%%')
for index, entry in ipairs(redis.call('LRANGE', shard .. ':audit', 0, -1)) do
  local changed = entry
  for word = 1, #words do
    if changed:find(written[word], 1, true) then changed = changed:gsub(patterns[word], replacement) end
  end
  if changed ~= entry then redis.call('LSET', shard .. ':audit', index - 1, changed) end
end
audit({ operator = ARGV[1], act = 'erase', queue = '', key = ARGV[3], reason = ARGV[2] })
return { 'done', jobs, letters }
