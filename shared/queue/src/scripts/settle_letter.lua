-- Take out a dead letter of which an operator knows what became of it, and apply what follows from that: together, or not at
-- all.
--
-- KEYS[1]  shard
-- ARGV[1]  queue
-- ARGV[2]  operator
-- ARGV[3]  act
-- ARGV[4]  reason
-- ARGV[5]  job id
-- ARGV[6]  effects, as in complete.lua
--
-- Replies  "settled", or "gone" when there is no such dead letter
local queue, id = ARGV[1], ARGV[5]
local letter = letter_of(queue, id)
if not letter then return 'gone' end
remove_letter(queue, id, letter)
count(queue, 'settled', 1)
audit({ operator = ARGV[2], act = ARGV[3], queue = queue, key = letter.key, reason = ARGV[4] })
apply_effects(6)
return 'settled'
