-- Opens every script: the key names, and the moves that more than one script makes.
--
-- KEYS[1]  the shard, e.g. "wex:{0}". Every key begins with it, so that all of a shard's keys share one Cluster slot;
--          only the shard is declared, because a claim learns the names of job lists while it runs.
--
-- <shard>:<queue>:jobs:<key>     list    the records of a key, oldest first; they stay until completed or buried
-- <shard>:<queue>:ready          list    keys that may be claimed, longest waiting first
-- <shard>:<queue>:scheduled      zset    key -> due_ms: in its quiet window, or waiting for a retry
-- <shard>:<queue>:leases         zset    key -> lease_ends_ms: running
-- <shard>:<queue>:running        hash    key -> "<fence> <jobs claimed>": running
-- <shard>:<queue>:history        hash    key -> {attempts, crashes, failures} of its first job; absent while nothing failed
-- <shard>:<queue>:dead           hash    job id -> dead letter (JSON)
-- <shard>:<queue>:dead:at        zset    job id -> buried_ms
-- <shard>:<queue>:wake           list    one element per idle worker to wake, at most WAKE_MAX
-- <shard>:event:<queue>:<event>  string  this event was enqueued; expires after EVENT_KEPT_MS
-- <shard>:record:<name>          string  a small value that completions write and attempts read
-- <shard>:fence                  string  the last fence given out
--
-- A key with jobs is in exactly one of ready, scheduled, and (leases and running). A key without jobs is in none.
-- A record is "<enqueued_ms> <quiet_ms> <quiet_max_ms> <job id> <event or -> <trace or ->\n<payload>".

local EVENT_KEPT_MS = 48 * 3600 * 1000 -- Aircall retries a delivery for 12 h; the rest is for an operator who replays.
local WAKE_MAX = 64 -- More idle workers than this find the job a second later at most.
local FAILURES_MAX = 10 -- Of one job; the newest are kept.

local shard = KEYS[1]
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function name(queue, part) return shard .. ':' .. queue .. ':' .. part end
local function jobs_name(queue, key) return shard .. ':' .. queue .. ':jobs:' .. key end

local function wake(queue)
  if redis.call('LLEN', name(queue, 'wake')) < WAKE_MAX then redis.call('RPUSH', name(queue, 'wake'), '1') end
end

local function make_ready(queue, key)
  redis.call('RPUSH', name(queue, 'ready'), key)
  wake(queue)
end

-- Ready now, or scheduled for when it will be.
local function make_due(queue, key, due_ms)
  if due_ms <= now_ms then
    make_ready(queue, key)
  else
    -- An idle worker sleeps no longer than until the earliest due time it knows of: tell one of an earlier one.
    local first = redis.call('ZRANGE', name(queue, 'scheduled'), 0, 0, 'WITHSCORES')
    redis.call('ZADD', name(queue, 'scheduled'), due_ms, key)
    if not first[2] or due_ms < tonumber(first[2]) then wake(queue) end
  end
end

-- When the quiet window of a key ends: `quiet` after its last job, but no later than `quiet_max` after its first.
local function quiet_ends_ms(first, last)
  local first_ms, quiet_max = first:match('^(%d+) %d+ (%d+) ')
  local last_ms, quiet = last:match('^(%d+) (%d+) ')
  return math.min(last_ms + quiet, first_ms + quiet_max)
end

-- After the first jobs of a key have gone: the next ones, if any, get their turn.
local function settle(queue, key)
  local jobs = jobs_name(queue, key)
  local first = redis.call('LINDEX', jobs, 0)
  if first then make_due(queue, key, quiet_ends_ms(first, redis.call('LINDEX', jobs, -1))) end
end

-- Writes records from ARGV[at]: a count, then that many (name, value, ttl_ms); an empty value deletes, ttl 0 keeps for
-- ever. Replies with the position after them.
local function write_records(at)
  local count = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, count do
    local record = shard .. ':record:' .. ARGV[at]
    if ARGV[at + 1] == '' then
      redis.call('DEL', record)
    elseif ARGV[at + 2] == '0' then
      redis.call('SET', record, ARGV[at + 1])
    else
      redis.call('SET', record, ARGV[at + 1], 'PX', ARGV[at + 2])
    end
    at = at + 3
  end
  return at
end

-- Reads past the records at ARGV[at] without writing them.
local function skip_records(at) return at + 1 + 3 * tonumber(ARGV[at]) end

-- Enqueues the job at ARGV[at]: queue, key, record without its time, then records to write with it.
-- Replies with "queued" or "duplicate", and with the position after the job.
local function enqueue(at)
  local queue, key, record = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local event = record:match('^%d+ %d+ %S+ (%S+) ')
  if event ~= '-' then
    local kept = redis.call('SET', shard .. ':event:' .. queue .. ':' .. event, '1', 'NX', 'PX', EVENT_KEPT_MS)
    if not kept then return 'duplicate', skip_records(at + 3) end
  end
  local jobs = jobs_name(queue, key)
  record = string.format('%.0f ', now_ms) .. record
  local waiting = redis.call('RPUSH', jobs, record)
  if waiting == 1 then
    make_due(queue, key, quiet_ends_ms(record, record))
  elseif redis.call('ZSCORE', name(queue, 'scheduled'), key) and redis.call('HEXISTS', name(queue, 'history'), key) == 0 then
    -- In its quiet window (a retry would have a history, and keeps its time): the window moves.
    redis.call('ZREM', name(queue, 'scheduled'), key)
    settle(queue, key)
  end
  return 'queued', write_records(at + 3)
end

-- Applies the effects at ARGV[at]: a count of jobs, the jobs, then records.
local function apply_effects(at)
  local count = tonumber(ARGV[at])
  at = at + 1
  local _
  for _ = 1, count do
    _, at = enqueue(at)
  end
  write_records(at)
end

-- The number of jobs that a claim holds, or nil when the claim is stale.
local function claimed(queue, key, fence)
  local running = redis.call('HGET', name(queue, 'running'), key)
  local current, count = (running or ''):match('^(%d+) (%d+)$')
  if current == fence then return tonumber(count) end
end

-- The key is no longer running. What becomes of it is the caller's next line.
local function end_lease(queue, key)
  redis.call('ZREM', name(queue, 'leases'), key)
  redis.call('HDEL', name(queue, 'running'), key)
end

local function history(queue, key)
  local stored = redis.call('HGET', name(queue, 'history'), key)
  return stored and cjson.decode(stored) or { attempts = 0, crashes = 0, failures = {} }
end

local function add_failure(past, cause, error)
  table.insert(past.failures, { at_ms = now_ms, attempt = past.attempts + 1, cause = cause, error = error })
  while #past.failures > FAILURES_MAX do table.remove(past.failures, 1) end
end

-- Turns the first `count` jobs of a key into dead letters. The key goes on with its next job.
local function bury(queue, key, count, reason, past)
  local jobs = jobs_name(queue, key)
  for _, record in ipairs(redis.call('LRANGE', jobs, 0, count - 1)) do
    local id = record:match('^%d+ %d+ %d+ (%S+) ')
    local letter = { key = key, reason = reason, record = record, past = past, buried_ms = now_ms }
    redis.call('HSET', name(queue, 'dead'), id, cjson.encode(letter))
    redis.call('ZADD', name(queue, 'dead:at'), now_ms, id)
  end
  redis.call('LTRIM', jobs, count, -1)
  redis.call('HDEL', name(queue, 'history'), key)
  settle(queue, key)
end

