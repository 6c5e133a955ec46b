-- Opens every script: the key names, and the moves that more than one script makes.
--
-- KEYS[1]  the shard, e.g. "wex:{0}". Every key begins with it, so that all of a shard's keys share one Cluster slot;
--          only the shard is declared, because a claim learns the names of job lists while it runs.
--
-- Of a queue, below <shard>:<queue>:
--   first               hash    key -> record of its oldest job; it stays until completed or buried, as all records do
--   later:<key>         list    the records of a key behind its first, oldest first; most keys have none
--   waiting             string  how many records there are in all; absent while there are none
--   ready               list    keys that may be claimed, longest waiting first
--   scheduled           zset    key -> due_ms: in its quiet window, or waiting for a retry
--   leases              zset    key -> lease_ends_ms: running
--   running             hash    key -> "<fence> <jobs claimed> <claim's number> <worker id>": running
--   paused              zset    key -> until_ms (inf: until it is resumed): set aside
--   pauses              hash    key -> {reason, by, at_ms, until_ms}; the key itself may be anywhere
--   pause               string  {reason, by, at_ms, until_ms}: the whole queue is paused
--   gates               hash    group of keys, "*" or "*late" -> gate (JSON, see gate.rs); none that is simply open, at most GATES_MAX
--   held:<group>        list    keys that wait at that gate, longest waiting first; the gate is there while there are any
--   history             hash    key -> {attempts, crashes, failures} of its first job, and {waits_for} if it was postponed;
--                               absent while nothing of it happened
--   replayed            hash    job id -> {replays, failures} of a dead letter that was put back
--   seen:<window>       set     events that were enqueued in that SEEN_WINDOW_MS; there are those of the last SEEN_WINDOWS and of now
--   wake                list    one element per idle worker to wake, at most WAKE_MAX
--   recent              list    "<job id> <outcome> <finished_ms>" of the latest finished jobs, newest first
--   minute:<minute>     hash    what was counted in that minute; expires after COUNTERS_KEPT_S
--   dead                hash    job id -> dead letter (JSON)
--   dead:at             zset    job id -> buried_ms
--   dead:reasons        hash    reason -> count
--   dead:prints         hash    fingerprint -> count
--   dead:reason:<r>     zset    job id -> buried_ms, and the same for dead:print:<fingerprint> and dead:key:<key>
-- Of all queues, below <shard>:
--   record:<name>       string  a small value that completions write and attempts read
--   rate:<name>         hash    a token bucket: {tokens, at_ms}, and what the provider says: {limit, left, until_ms}
--   allowance:<name>    hash    "<span_ms>:<slot>" -> what was spent in that sixtieth of the span
--   workers             hash    worker id -> JSON; workers:seen  zset  worker id -> seen_ms
--   audit               list    what operators did (JSON), newest first
--   events              stream  what happened, as {event}, {act} or {queue, payload}, until every group of readers has taken it
--   events:reader:<g>   string  who reads for that group; expires with the lease
--   fence               string  the last fence given out
--
-- A key with jobs is in exactly one of ready, scheduled, paused, held, and (leases and running). A key without jobs is in none.
-- A record is "<enqueued_ms> <quiet_ms> <quiet_max_ms> <job id> <event or -> <trace or ->\n<payload>".

-- An event is known for 48 to 72 h. Aircall retries a delivery for 12 h; the rest is for an operator who replays.
local SEEN_WINDOW_MS = 24 * 3600 * 1000
local SEEN_WINDOWS = 2
local WAKE_MAX = 64 -- More idle workers than this find the job a second later at most.
local FAILURES_MAX = 10 -- Of one job; the newest are kept.
local RECENT_MAX = 100
local COUNTERS_KEPT_S = 48 * 3600
local RATE_KEPT_MS = 120000 -- A bucket left alone is full again long before.
local GATES_MAX = 100 -- More than a queue has groups that fail at the same time; what fails beyond it is retried without a gate.
local EVENTS_MAX = 1000000 -- Not taken by its readers yet; beyond it the door closes. About half a gigabyte.

local shard = KEYS[1]
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function name(queue, part) return shard .. ':' .. queue .. ':' .. part end
local function later_name(queue, key) return shard .. ':' .. queue .. ':later:' .. key end
local function held_name(queue, group) return shard .. ':' .. queue .. ':held:' .. group end
local LATE = '*late'
local function group_of(key) return key:match('^(.*):') end -- nil when there is no colon: then no gate but the queue's.
-- A number as Redis wants it. It writes numbers of Lua with all their digits, which takes long: a string is better on a hot path.
local function whole(number) return string.format('%d', number) end
local now = whole(now_ms)
local LATEST_MS = 2 ^ 53 -- Nothing is due later: `whole` makes a negative number of what is beyond 2 ^ 63.

-- What many jobs of one call change together: gathered while a script runs, and written once when it has run, by
-- `write_gathered` (scripts.rs puts that behind every script). A script that reads one of these keys does so before it changes it.
local gathered = {}

local function gather(queue)
  local own = gathered[queue]
  if not own then
    own = { counts = {}, waiting = 0, ready = {}, rings = 0 }
    gathered[queue] = own
  end
  return own
end

local function wake(queue)
  local own = gather(queue)
  own.rings = own.rings + 1
end

local function count(queue, what, by)
  local counts = gather(queue).counts
  counts[what] = (counts[what] or 0) + by
end

local function make_ready(queue, key)
  table.insert(gather(queue).ready, key)
  wake(queue)
end

local function add_waiting(queue, by)
  local own = gather(queue)
  own.waiting = own.waiting + by
end

-- Calls a command with many values, as many at once as `unpack` takes without fear.
local VALUES_AT_ONCE = 1000
local function call_with(command, key, values)
  local reply
  for first = 1, #values, VALUES_AT_ONCE do
    reply = redis.call(command, key, unpack(values, first, math.min(first + VALUES_AT_ONCE - 1, #values)))
  end
  return reply
end

-- Where a key may be held: at the gate of its group, or as a late one.
local function held_names(queue, key)
  local group = group_of(key)
  return group and { held_name(queue, LATE), held_name(queue, group) } or { held_name(queue, LATE) }
end

-- Before a script reads which keys are ready.
local function write_ready(queue)
  local own = gather(queue)
  call_with('RPUSH', name(queue, 'ready'), own.ready)
  own.ready = {}
end

local function write_gathered()
  for queue, own in pairs(gathered) do
    write_ready(queue)
    if own.waiting ~= 0 and redis.call('INCRBY', name(queue, 'waiting'), own.waiting) <= 0 then
      redis.call('DEL', name(queue, 'waiting'))
    end
    local minute = name(queue, 'minute:' .. whole(math.floor(now_ms / 60000)))
    for what, by in pairs(own.counts) do
      if redis.call('HINCRBY', minute, what, by) == by then redis.call('EXPIRE', minute, COUNTERS_KEPT_S) end
    end
    if 0 < own.rings then
      local rings = math.min(own.rings, WAKE_MAX - redis.call('LLEN', name(queue, 'wake')))
      local bells = {}
      for bell = 1, rings do bells[bell] = '1' end
      call_with('RPUSH', name(queue, 'wake'), bells)
    end
  end
end

-- Ready now, or scheduled for when it will be.
local function make_due(queue, key, due_ms)
  if due_ms <= now_ms then
    make_ready(queue, key)
  else
    -- An idle worker sleeps no longer than until the earliest due time it knows of: tell one of an earlier one.
    local own = gather(queue)
    own.first_due_ms = own.first_due_ms
      or tonumber(redis.call('ZRANGE', name(queue, 'scheduled'), 0, 0, 'WITHSCORES')[2] or math.huge)
    redis.call('ZADD', name(queue, 'scheduled'), whole(math.min(due_ms, LATEST_MS)), key)
    if due_ms < own.first_due_ms then
      own.first_due_ms = due_ms
      wake(queue)
    end
  end
end

-- When the quiet window of a key ends: `quiet` after its last job, but no later than `quiet_max` after its first.
local function quiet_ends_ms(first, last)
  local first_ms, quiet_max = first:match('^(%d+) %d+ (%d+) ')
  local last_ms, quiet = last:match('^(%d+) (%d+) ')
  return math.min(last_ms + quiet, first_ms + quiet_max)
end

-- The first job of a key, if there is one, gets its turn when the quiet window of the key ends.
local function settle(queue, key, first)
  if not first then return end
  local last = redis.call('LINDEX', later_name(queue, key), -1) or first
  make_due(queue, key, quiet_ends_ms(first, last))
end

-- Takes the first `held` jobs off each of some keys: `claims` is a list of {key, held}. Each gets `records`, what was taken,
-- and `next`, what is first now, or nil.
local function remove_first(queue, claims)
  local keys, laters = {}, {}
  for at, claim in ipairs(claims) do
    keys[at], laters[at] = claim.key, later_name(queue, claim.key)
  end
  local firsts = redis.call('HMGET', name(queue, 'first'), unpack(keys))
  local any_later = redis.call('EXISTS', unpack(laters)) > 0 -- One question for all: mostly there are none.
  local emptied, moved_up = {}, {}
  for at, claim in ipairs(claims) do
    local records = any_later and redis.call('LPOP', laters[at], claim.held) or {}
    table.insert(records, 1, firsts[at])
    claim.next = table.remove(records, claim.held + 1)
    claim.records = records
    if claim.next then
      table.insert(moved_up, claim.key)
      table.insert(moved_up, claim.next)
    else
      table.insert(emptied, claim.key)
    end
    add_waiting(queue, -claim.held)
  end
  call_with('HDEL', name(queue, 'first'), emptied)
  call_with('HSET', name(queue, 'first'), moved_up)
end

-- Writes what goes with a change from ARGV[at]: how many records and events, as "<records> <events>"; the records as (name, value,
-- ttl_ms), of which an empty value deletes and ttl 0 keeps for ever; the events. Replies with the position after them.
local function write_beside(at)
  local records, events = ARGV[at]:match('(%d+) (%d+)$')
  at = at + 1
  for _ = 1, tonumber(records) do
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
  for event = at, at + events - 1 do
    redis.call('XADD', shard .. ':events', '*', 'event', ARGV[event])
  end
  return at + events
end

-- Reads past what goes with a change at ARGV[at] without writing it.
local function skip_beside(at)
  local records, events = ARGV[at]:match('(%d+) (%d+)$')
  return at + 1 + 3 * records + events
end

-- Whether a key that is scheduled is looked at again when a job is added: in its quiet window, or postponed. A retry keeps
-- its time.
local function may_be_moved(queue, key)
  local past = redis.call('HGET', name(queue, 'history'), key)
  return not past or cjson.decode(past).waits_for ~= nil
end

-- All events of a window are one set: that costs each of them less than a key of its own, and needs one command for all of a call.
local function seen_name(queue, window) return name(queue, 'seen:' .. whole(window)) end

-- Which of some events a queue has seen, as the keys of a table.
local function events_seen(queue, events)
  local seen = {}
  if #events == 0 then return seen end
  local window = math.floor(now_ms / SEEN_WINDOW_MS)
  for past = window - SEEN_WINDOWS, window do
    for at, is_member in ipairs(redis.call('SMISMEMBER', seen_name(queue, past), unpack(events))) do
      if is_member == 1 then seen[events[at]] = true end
    end
  end
  return seen
end

local function remember_events(queue, events)
  if #events == 0 then return end
  local window = math.floor(now_ms / SEEN_WINDOW_MS)
  local current = seen_name(queue, window)
  call_with('SADD', current, events)
  local ends_ms = (window + SEEN_WINDOWS + 1) * SEEN_WINDOW_MS
  if redis.call('PEXPIREAT', current, whole(ends_ms), 'NX') == 1 then
    -- The window is new, so another one ends. It may be large: this frees it beside, where an expiry would hold up everybody.
    redis.call('UNLINK', seen_name(queue, window - SEEN_WINDOWS - 1))
  end
end

-- What goes with a job begins with a "=" when its payload is an event too, and is mostly nothing else.
local function has_nothing_else(beside) return beside == '=' or beside == '' end

-- Reads past the job at ARGV[at]; see enqueue.lua.
local function skip_job(at)
  return has_nothing_else(ARGV[at + 4]) and at + 5 or skip_beside(at + 4)
end

-- Writes what goes with the job at ARGV[at].
local function write_beside_job(at)
  local beside = ARGV[at + 4]
  if beside:sub(1, 1) == '=' then
    redis.call('XADD', shard .. ':events', '*', 'queue', ARGV[at], 'payload', ARGV[at + 3])
  end
  if not has_nothing_else(beside) then write_beside(at + 4) end
end

-- The record of the job at ARGV[at].
local function new_record(at) return now .. ' ' .. ARGV[at + 2] .. '\n' .. ARGV[at + 3] end

-- Reads up to `jobs_max` jobs from ARGV[at]. Replies with them; with what their queues have of them, each asked for once for all:
-- events that were seen, first jobs of keys; and with the position after them.
local function read_jobs(at, jobs_max)
  local jobs, queues = {}, {}
  while #jobs < jobs_max and ARGV[at] do
    local queue, key, quiet, quiet_max, event = ARGV[at], ARGV[at + 1], ARGV[at + 2]:match('^(%d+) (%d+) %S+ (%S+) ')
    local own = queues[queue]
    if not own then
      own = { keys = {}, events = {}, firsts = {}, new_firsts = {}, new_events = {}, queued = 0, duplicates = 0 }
      queues[queue] = own
    end
    if event == '-' then event = nil else own.events[#own.events + 1] = event end
    own.keys[#own.keys + 1] = key
    jobs[#jobs + 1] = { at = at, queue = queue, key = key, event = event, quiet_ms = math.min(quiet, quiet_max) }
    at = skip_job(at)
  end
  for queue, own in pairs(queues) do
    own.seen = events_seen(queue, own.events)
    for number, first in ipairs(redis.call('HMGET', name(queue, 'first'), unpack(own.keys))) do
      own.firsts[own.keys[number]] = first
    end
  end
  return jobs, queues, at
end

-- Enqueues a job as `read_jobs` has read it; `own` is what its queue has. Replies with "queued", "duplicate", "key_full" or
-- "queue_full".
local function enqueue_one(job, own, key_jobs_max)
  if own.room <= own.queued then return 'queue_full' end
  local at, queue, key, event = job.at, job.queue, job.key, job.event
  if event and own.seen[event] then
    own.duplicates = own.duplicates + 1
    return 'duplicate'
  end
  local record, first = new_record(at), own.firsts[key]
  if first and key_jobs_max < 1 + redis.call('RPUSH', later_name(queue, key), record) then
    -- Rare enough that looking before would cost more.
    redis.call('RPOP', later_name(queue, key))
    return 'key_full'
  end
  if event then
    own.seen[event] = true
    own.new_events[#own.new_events + 1] = event
  end
  own.queued = own.queued + 1
  if not first then
    own.firsts[key] = record
    own.new_firsts[#own.new_firsts + 1] = key
    own.new_firsts[#own.new_firsts + 1] = record
    make_due(queue, key, now_ms + job.quiet_ms)
  elseif redis.call('ZSCORE', name(queue, 'scheduled'), key) and may_be_moved(queue, key) then
    redis.call('ZREM', name(queue, 'scheduled'), key)
    gather(queue).first_due_ms = nil -- It may have been this one's.
    settle(queue, key, first)
  end
  write_beside_job(at)
  return 'queued'
end

-- How many more jobs a queue takes.
local function room_of(queue, queue_jobs_max)
  if queue_jobs_max == math.huge then return math.huge end
  if EVENTS_MAX <= redis.call('XLEN', shard .. ':events') then return 0 end
  return queue_jobs_max - (redis.call('GET', name(queue, 'waiting')) or 0) - gather(queue).waiting
end

-- Enqueues up to `jobs_max` jobs from ARGV[at], within bounds of their keys and queues. Replies with what became of each, and
-- with the position after them.
local function enqueue(at, jobs_max, key_jobs_max, queue_jobs_max)
  local jobs, queues, after = read_jobs(at, jobs_max)
  for queue, own in pairs(queues) do own.room = room_of(queue, queue_jobs_max) end
  local replies = {}
  for number, job in ipairs(jobs) do replies[number] = enqueue_one(job, queues[job.queue], key_jobs_max) end
  for queue, own in pairs(queues) do
    remember_events(queue, own.new_events)
    call_with('HSET', name(queue, 'first'), own.new_firsts)
    add_waiting(queue, own.queued)
    if 0 < own.queued then count(queue, 'queued', own.queued) end
    if 0 < own.duplicates then count(queue, 'duplicate', own.duplicates) end
  end
  return replies, after
end

-- Applies the effects at ARGV[at]: a count of jobs, the jobs, then records and events. What a completion brings about is never
-- refused for want of room: the room it makes is as large.
local function apply_effects(at)
  local jobs = tonumber(ARGV[at])
  at = at + 1
  if 0 < jobs then
    local _
    _, at = enqueue(at, jobs, math.huge, math.huge)
  end
  write_beside(at)
end

-- Reads past effects at ARGV[at]; replies with the position after them.
local function skip_effects(at)
  local jobs = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, jobs do at = skip_job(at) end
  return skip_beside(at)
end

-- A token bucket now: how many tokens it has, how many of them may be taken, and when there is the next one to take. What the
-- provider said of its own count (correct_rate.lua) holds until its window ends. `reserve`: as in claim.lua.
local function bucket(rate, per_minute, burst, reserve)
  local stored = redis.call('HMGET', shard .. ':rate:' .. rate, 'tokens', 'at_ms', 'limit', 'left', 'until_ms')
  local limit = tonumber(stored[3] or math.huge)
  if limit < per_minute + burst then
    burst = math.ceil(limit / 6)
    per_minute = math.max(1, limit - burst)
    reserve = math.min(reserve, math.floor(burst / 2))
  end
  local has = tonumber(stored[1] or burst)
  local since_ms = math.max(0, now_ms - tonumber(stored[2] or now_ms))
  has = math.min(burst, has + since_ms * per_minute / 60000)
  local function has_ms(tokens) return now_ms + math.ceil((tokens - has) * 60000 / per_minute) end
  local found = {
    name = rate, has = has, may = has, reserve = reserve,
    next_ms = has_ms(math.floor(has) + 1), late_ms = has_ms(reserve + 1),
  }
  if stored[5] and now_ms < tonumber(stored[5]) then
    found.left, found.until_ms = tonumber(stored[4]), tonumber(stored[5])
    found.may = math.min(has, found.left)
    if found.left < 1 then found.next_ms = found.until_ms end
    if found.left <= reserve then found.late_ms = found.until_ms end
  end
  return found
end

-- Takes tokens of a bucket as `bucket` has found it.
local function take_tokens(found, count)
  local stored = shard .. ':rate:' .. found.name
  redis.call('HSET', stored, 'tokens', tostring(found.has - count), 'at_ms', whole(now_ms))
  if found.left then redis.call('HSET', stored, 'left', whole(found.left - count)) end
  redis.call('PEXPIRE', stored, whole(math.max(RATE_KEPT_MS, (found.until_ms or 0) - now_ms)))
end

-- The number of jobs that a claim holds, or nil when the claim is stale.
local function claimed(queue, key, fence)
  local running = redis.call('HGET', name(queue, 'running'), key)
  local current, held = (running or ''):match('^(%d+) (%d+) ')
  if current == fence then return tonumber(held) end
end

-- The key is no longer running. What becomes of it is the caller's next line.
local function end_lease(queue, key)
  redis.call('ZREM', name(queue, 'leases'), key)
  redis.call('HDEL', name(queue, 'running'), key)
end

local function history(queue, key)
  local stored = redis.call('HGET', name(queue, 'history'), key)
  local past = stored and cjson.decode(stored) or { attempts = 0, crashes = 0 }
  past.failures = past.failures or {} -- An empty list is left out: it would be written as an object.
  return past
end

local function add_failure(past, cause, error)
  table.insert(past.failures, { at_ms = now_ms, attempt = past.attempts + 1, cause = cause, error = error })
  while #past.failures > FAILURES_MAX do table.remove(past.failures, 1) end
end

local function job_id(record) return record:match('^%d+ %d+ %d+ (%S+) ') end

-- Notes that jobs are finished. Nothing else is kept of them.
local function finish(queue, records, outcome)
  count(queue, outcome, #records)
  local latest = {}
  for at = math.max(1, #records - RECENT_MAX + 1), #records do
    table.insert(latest, job_id(records[at]) .. ' ' .. outcome .. ' ' .. now)
  end
  if RECENT_MAX < (call_with('LPUSH', name(queue, 'recent'), latest) or 0) then
    redis.call('LTRIM', name(queue, 'recent'), 0, RECENT_MAX - 1)
  end
end

-- Names what failures have in common: the cause, and the error without what differs from job to job.
local function fingerprint(failure)
  local alike = failure.error:gsub('%x%x%x%x%x%x%x%x[%x-]*', '#'):gsub('%d%d%d%d+', '#')
  return redis.sha1hex(failure.cause .. ' ' .. alike):sub(1, 12)
end

local function add_count(hash, field, by)
  if redis.call('HINCRBY', hash, field, by) <= 0 then redis.call('HDEL', hash, field) end
end

-- The sorted sets that a dead letter is in.
local function letter_indexes(queue, letter)
  return {
    name(queue, 'dead:at'), name(queue, 'dead:reason:' .. letter.reason),
    name(queue, 'dead:print:' .. letter.fingerprint), name(queue, 'dead:key:' .. letter.key),
  }
end

local function letter_of(queue, id)
  local stored = redis.call('HGET', name(queue, 'dead'), id)
  return stored and cjson.decode(stored)
end

local function remove_letter(queue, id, letter)
  redis.call('HDEL', name(queue, 'dead'), id)
  for _, index in ipairs(letter_indexes(queue, letter)) do redis.call('ZREM', index, id) end
  add_count(name(queue, 'dead:reasons'), letter.reason, -1)
  add_count(name(queue, 'dead:prints'), letter.fingerprint, -1)
end

local function add_letter(queue, id, letter)
  -- A job without an event may have been enqueued twice, and then it dies twice: the later letter takes the place.
  local earlier = letter_of(queue, id)
  if earlier then remove_letter(queue, id, earlier) end
  redis.call('HSET', name(queue, 'dead'), id, cjson.encode(letter))
  for _, index in ipairs(letter_indexes(queue, letter)) do redis.call('ZADD', index, letter.buried_ms, id) end
  add_count(name(queue, 'dead:reasons'), letter.reason, 1)
  add_count(name(queue, 'dead:prints'), letter.fingerprint, 1)
end

-- Turns the first `held` jobs of a key into dead letters. The key goes on with its next job.
local function bury(queue, key, held, reason, past)
  local print = fingerprint(past.failures[#past.failures])
  local claim = { key = key, held = held }
  remove_first(queue, { claim })
  for _, record in ipairs(claim.records) do
    local id = job_id(record)
    local before = redis.call('HGET', name(queue, 'replayed'), id)
    before = before and cjson.decode(before) or { replays = 0, failures = {} }
    redis.call('HDEL', name(queue, 'replayed'), id)
    local failures = before.failures
    for _, failure in ipairs(past.failures) do table.insert(failures, failure) end
    while #failures > FAILURES_MAX do table.remove(failures, 1) end
    add_letter(queue, id, {
      key = key, reason = reason, fingerprint = print, record = record, attempts = past.attempts,
      crashes = past.crashes, replays = before.replays, failures = failures, buried_ms = now_ms,
    })
  end
  count(queue, 'buried', held)
  redis.call('HDEL', name(queue, 'history'), key)
  settle(queue, key, claim.next)
end

-- Sets a key aside that is in none of ready, scheduled, running. until_ms 0: until it is resumed.
local function set_aside(queue, key, reason, by, until_ms)
  local pause = { reason = reason, by = by, at_ms = now_ms, until_ms = until_ms }
  redis.call('HSET', name(queue, 'pauses'), key, cjson.encode(pause))
  redis.call('ZADD', name(queue, 'paused'), until_ms == 0 and '+inf' or until_ms, key)
end

-- The narrowest index of the dead letters that a filter fits; "" stands for any. What the index does not say has to be
-- read from each letter.
local function letter_index(queue, reason, print, key)
  if key ~= '' then return name(queue, 'dead:key:' .. key) end
  if print ~= '' then return name(queue, 'dead:print:' .. print) end
  if reason ~= '' then return name(queue, 'dead:reason:' .. reason) end
  return name(queue, 'dead:at')
end

local function fits(letter, reason, print)
  return (reason == '' or letter.reason == reason) and (print == '' or letter.fingerprint == print)
end

local AUDIT_MAX = 10000
local SAME_ACT_MS = 60000

-- Notes what an operator did. `entry` is a table; the time is added. A bulk act comes in batches: while it lasts they
-- are one entry, from `at_ms` to `to_ms`, or a single act could push out all others. Each batch is an event.
local function audit(entry)
  entry.at_ms = now_ms
  redis.call('XADD', shard .. ':events', '*', 'act', cjson.encode(entry))
  local latest = redis.call('LINDEX', shard .. ':audit', 0)
  latest = latest and cjson.decode(latest)
  if
    latest and entry.letters and latest.act == entry.act and latest.operator == entry.operator
    and latest.queue == entry.queue and latest.filter == entry.filter and latest.reason == entry.reason
    and now_ms - (latest.to_ms or latest.at_ms) < SAME_ACT_MS
  then
    latest.letters = latest.letters + entry.letters
    latest.to_ms = now_ms
    redis.call('LSET', shard .. ':audit', 0, cjson.encode(latest))
    return
  end
  redis.call('LPUSH', shard .. ':audit', cjson.encode(entry))
  redis.call('LTRIM', shard .. ':audit', 0, AUDIT_MAX - 1)
end

