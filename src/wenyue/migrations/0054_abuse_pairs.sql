-- Who was booked by whom lately, as keyed digests that name nobody: what finds persons booked by many accounts when events tell of
-- bookings, instead of reading a day's bookings again and again. An older worker goes on reading bookings.
CREATE TABLE abuse.pair (
    person  text NOT NULL,
    account text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (person, account)
);
CREATE INDEX pair_at_idx ON abuse.pair (at);
