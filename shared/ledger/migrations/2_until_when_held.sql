-- Until when somebody holds a conversation; NULL: until they give it back.
ALTER TABLE conversations ADD COLUMN held_until_ms BIGINT;
