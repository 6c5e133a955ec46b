-- Forget dead letters that need nothing more.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  operator
-- ARGV[3]  filter    for the audit
-- ARGV[4]  reason
-- ARGV[5]  job ids
--
-- Replies  one word per id: "discarded", or "gone" when there is no such dead letter
local queue = ARGV[1]
local replies, discarded = {}, 0
for at = 5, #ARGV do
  local id = ARGV[at]
  local letter = letter_of(queue, id)
  if letter then
    remove_letter(queue, id, letter)
    discarded = discarded + 1
  end
  table.insert(replies, letter and 'discarded' or 'gone')
end
if discarded > 0 then
  count(queue, 'discarded', discarded)
  audit({
    operator = ARGV[2], act = 'discard', queue = queue, filter = ARGV[3], reason = ARGV[4], letters = discarded,
  })
end
return replies
