-- The monolith's tables. Amounts exist twice, as text and as cents, because they always have.
-- Natural keys: the primary key, except for journal, whose natural key is webhook_id.

CREATE TABLE IF NOT EXISTS processed_messages (
    message_id TEXT NOT NULL PRIMARY KEY,
    type       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS payins (
    payin_id       TEXT NOT NULL PRIMARY KEY,
    status         TEXT NOT NULL,
    code_status    TEXT,
    wallet_id      TEXT NOT NULL,
    user_id        TEXT,
    amount         TEXT,            -- as received; NULL while only an update has been seen
    amount_cents   INTEGER,
    fee            REAL,            -- euros
    net            TEXT,            -- French text: 1 234,56
    currency       TEXT,
    debtor_name    TEXT,
    debtor_iban    TEXT,
    label          TEXT,
    statement_text TEXT,            -- first 35 bytes of the label, which may cut a character
    subtotals      TEXT,            -- JSON
    value_date     TEXT,            -- Y-m-d
    created_at     TEXT,            -- UTC, Y-m-d H:i:s
    last_event_at  INTEGER NOT NULL,-- webhook_created_at, 1e-4 s
    recorded_at    TEXT NOT NULL    -- wall clock, UTC, Y-m-d H:i:s
);

CREATE TABLE IF NOT EXISTS payouts (
    payout_id        TEXT NOT NULL PRIMARY KEY,
    status           TEXT NOT NULL,
    wallet_id        TEXT NOT NULL,
    amount           TEXT NOT NULL,    -- number_format
    fee              REAL NOT NULL,    -- euros
    total_cents      INTEGER NOT NULL,
    currency         TEXT NOT NULL,
    beneficiary_name TEXT,
    beneficiary_iban TEXT,
    label            TEXT,
    end_to_end_id    TEXT NOT NULL,
    created_at       TEXT NOT NULL,    -- UTC, Y-m-d H:i:s
    last_event_at    INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS card_transactions (
    card_transaction_id TEXT NOT NULL PRIMARY KEY,
    status              TEXT NOT NULL,
    wallet_id           TEXT NOT NULL,
    card_id             TEXT NOT NULL,
    public_token        TEXT,
    amount              TEXT NOT NULL,
    amount_cents        INTEGER NOT NULL,
    currency            TEXT NOT NULL,
    exchange_rate       REAL,             -- local / wallet currency, 4 digits
    fee                 REAL NOT NULL,    -- euros
    merchant            TEXT NOT NULL,
    merchant_country    TEXT,
    local_time          TEXT,             -- H:i:s at the till
    authorized_at       TEXT,             -- UTC, Y-m-d H:i:s
    is_3ds              INTEGER NOT NULL,
    last_event_at       INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS balances (
    wallet_id          TEXT NOT NULL PRIMARY KEY,
    current_balance    TEXT NOT NULL,
    current_cents      INTEGER NOT NULL,
    authorizations     TEXT,
    authorized_balance REAL NOT NULL,
    currency           TEXT NOT NULL,
    level              TEXT NOT NULL,
    calculated_at      TEXT,              -- UTC, Y-m-d H:i:s
    last_event_at      INTEGER NOT NULL
);

-- One row for every processed message, even where the message changed nothing else.
CREATE TABLE IF NOT EXISTS journal (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    account      TEXT NOT NULL,           -- wallet id, 12 digits
    amount_cents INTEGER NOT NULL,
    amount       TEXT NOT NULL,
    stale        INTEGER NOT NULL,
    booked_at    TEXT NOT NULL            -- Europe/Paris, Y-m-d H:i:s
);
CREATE INDEX IF NOT EXISTS journal_webhook_id ON journal (webhook_id);

-- Messages and webhooks that handlers have made and that have not left yet.
CREATE TABLE IF NOT EXISTS outgoing_messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source       TEXT NOT NULL,
    exchange     TEXT NOT NULL,
    routing_key  TEXT NOT NULL,
    body         TEXT NOT NULL,
    content_type TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outgoing_webhooks (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL,
    url     TEXT NOT NULL,
    body    TEXT NOT NULL,
    headers TEXT NOT NULL
);
