-- Apply effects that an operator asked for, and note who did.
--
-- KEYS[1]  shard
-- ARGV[1]  operator
-- ARGV[2]  act
-- ARGV[3]  key     what it was done to
-- ARGV[4]  reason
-- ARGV[5]  effects, as in complete.lua
--
-- Replies  "done"
audit({ operator = ARGV[1], act = ARGV[2], queue = '', key = ARGV[3], reason = ARGV[4] })
apply_effects(5)
return 'done'
