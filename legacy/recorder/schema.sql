-- SQLite. MySQL: BIGINT AUTO_INCREMENT, VARCHAR(191) keys, LONGTEXT document. PostgreSQL: BIGINT GENERATED ALWAYS AS
-- IDENTITY. The index on (source, sent_at) may be partial (WHERE sent_at IS NULL) where the database can do that.
-- A table that is older than its column `ending` gets it before the new recorder starts; an older one goes on with it:
-- ALTER TABLE strangler_outbox ADD COLUMN ending VARCHAR(16) NOT NULL DEFAULT ''
CREATE TABLE IF NOT EXISTS strangler_outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    type       TEXT NOT NULL,
    ending     TEXT NOT NULL DEFAULT '',    -- Outbox::isDone asks for it
    source     TEXT NOT NULL,
    document   TEXT NOT NULL,       -- the outcome; emptied when it was delivered
    sent_at    TEXT,                -- UTC; NULL while it waits
    UNIQUE (message_id, attempt)
);
CREATE INDEX IF NOT EXISTS strangler_outbox_waiting ON strangler_outbox (source, id) WHERE sent_at IS NULL;
