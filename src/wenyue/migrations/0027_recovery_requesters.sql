-- Who asked to replace a lost card, so that nobody uses up what the holder may ask for: keyed hash of the address, or of the
-- member of staff. Beyond some codes in a day the requests of half an hour share one.
ALTER TABLE cards.recovery ADD COLUMN requester_key bytea,
                           ADD COLUMN is_shared boolean NOT NULL DEFAULT false;
CREATE INDEX recovery_requester_idx ON cards.recovery (requester_key, started_at) WHERE how = 'staff';
