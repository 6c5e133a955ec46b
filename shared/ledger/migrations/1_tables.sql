-- Runs on SQLite and on PostgreSQL alike. Times are milliseconds since 1970; ids and words are text; what a contact wrote or
-- what is known of one may be sealed, then `sealed_by` names the key.

-- What happened, each once: the id says so. Without texts, which are where they belong.
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    conversation TEXT,
    message TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX events_of_a_conversation ON events (conversation, at_ms);
CREATE INDEX events_of_a_message ON events (message, at_ms);
CREATE INDEX events_of_a_kind ON events (kind, at_ms);
CREATE INDEX events_by_time ON events (at_ms);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    direction TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    conversation TEXT NOT NULL,
    side TEXT NOT NULL,
    line BIGINT NOT NULL,
    contact TEXT NOT NULL,
    body TEXT,
    sealed_by TEXT,
    media BIGINT NOT NULL DEFAULT 0,
    encoding TEXT NOT NULL,
    segments BIGINT NOT NULL,
    status TEXT NOT NULL,
    delivery TEXT,
    error TEXT,
    purpose TEXT,
    turn TEXT,
    answers TEXT,
    answered_ms BIGINT,
    sent_ms BIGINT,
    delivered_ms BIGINT,
    provider_id TEXT,
    model TEXT,
    prompt_hash TEXT,
    tokens_in BIGINT,
    tokens_out BIGINT,
    cost_microusd BIGINT,
    suppression_checked_ms BIGINT,
    recipient_tz TEXT,
    tz_source TEXT,
    recipient_local TEXT,
    responsive_to TEXT
);
CREATE INDEX messages_by_time ON messages (at_ms, id);
CREATE INDEX messages_of_a_contact ON messages (contact, at_ms, id);
CREATE INDEX messages_of_a_line ON messages (line, at_ms, id);
CREATE INDEX messages_of_a_status ON messages (status, at_ms, id);
CREATE INDEX messages_of_a_conversation ON messages (conversation, at_ms, id);
CREATE INDEX messages_of_a_turn ON messages (turn);
CREATE INDEX messages_of_a_provider ON messages (provider_id);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    side TEXT NOT NULL,
    line BIGINT NOT NULL,
    contact TEXT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    received BIGINT NOT NULL DEFAULT 0,
    sent BIGINT NOT NULL DEFAULT 0,
    held_by TEXT,
    state TEXT,
    sealed_by TEXT
);
CREATE INDEX conversations_by_time ON conversations (last_ms, id);
CREATE INDEX conversations_of_a_contact ON conversations (contact);

-- Only added to. Each row's hash covers the one before; see consent.rs.
CREATE TABLE consent_events (
    number BIGINT PRIMARY KEY,
    event TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    matched_by TEXT NOT NULL,
    message TEXT,
    received_ms BIGINT NOT NULL,
    effective_ms BIGINT NOT NULL,
    rule_version TEXT NOT NULL,
    actor TEXT NOT NULL,
    conversation TEXT,
    contact TEXT NOT NULL,
    raw_text TEXT,
    reason TEXT,
    sealed_by TEXT,
    salt TEXT,
    commitment TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX consent_events_of_a_contact ON consent_events (contact, number);

-- Who must not be texted, now. Never expires.
CREATE TABLE suppressions (
    contact TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    since_ms BIGINT NOT NULL
);

CREATE TABLE requirements (
    conversation TEXT PRIMARY KEY,
    updated_ms BIGINT NOT NULL,
    requirement TEXT,
    sealed_by TEXT
);
CREATE INDEX requirements_by_time ON requirements (updated_ms, conversation);

-- Each change of a field, and how we know it.
CREATE TABLE requirement_fields (
    event TEXT NOT NULL,
    field TEXT NOT NULL,
    conversation TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    content TEXT,
    sealed_by TEXT,
    message TEXT,
    source TEXT NOT NULL,
    PRIMARY KEY (event, field)
);
CREATE INDEX requirement_fields_of_a_conversation ON requirement_fields (conversation, at_ms);
