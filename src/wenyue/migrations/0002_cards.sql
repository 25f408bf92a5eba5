-- Companions can leave a card; the application may not delete rows.
ALTER TABLE cards.companion ADD COLUMN removed_at timestamptz;

-- A number that was lost is dead for ever: the card keeps its id, entitlements and bookings and gets a new number.
CREATE TABLE cards.dead_number (
    card_no     text PRIMARY KEY,
    card_id     bigint NOT NULL REFERENCES cards.card,
    died_at     timestamptz NOT NULL,
    reason      text NOT NULL,
    request_id  uuid NOT NULL UNIQUE                -- the replacement's own id: sent twice, replaced once
);
CREATE INDEX dead_number_card_idx ON cards.dead_number (card_id);

-- A suspension that lengthened the validity of every card it touched; its own id makes it happen once.
CREATE TABLE cards.extension (
    id          uuid PRIMARY KEY,
    type_code   text NOT NULL REFERENCES cards.card_type,
    from_date   date NOT NULL,
    to_date     date NOT NULL,
    days        integer NOT NULL CHECK (days BETWEEN 1 AND 3660),
    reason      text NOT NULL,
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    cards       integer NOT NULL DEFAULT 0,
    CHECK (from_date <= to_date)
);

GRANT SELECT, INSERT, UPDATE ON cards.dead_number, cards.extension TO wenyue_app;
