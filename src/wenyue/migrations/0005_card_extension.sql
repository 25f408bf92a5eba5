-- A suspension touches every card of a type: it is worked off in short steps, and remembers how far it came.
ALTER TABLE cards.extension ADD COLUMN last_card_id bigint NOT NULL DEFAULT 0;
ALTER TABLE cards.extension ADD COLUMN done_at timestamptz;
