-- Suspicious patterns: how often, by whom (a keyed digest, never a name or an address), and what was done about it.
CREATE SCHEMA abuse;
-- Counts of ten minutes each; kept for two days.
CREATE TABLE abuse.tally (
    pattern     text NOT NULL,
    subject     text NOT NULL,                      -- kind and keyed digest: 'address:3f…'; 'many:' when too many to tell apart
    bucket_at   timestamptz NOT NULL,
    count       bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (pattern, subject, bucket_at)
);
CREATE INDEX tally_bucket_idx ON abuse.tally (bucket_at);
-- What passed its limit. One open finding for a pattern and subject; a block is a finding with an end.
CREATE TABLE abuse.finding (
    id            uuid PRIMARY KEY,
    pattern       text NOT NULL,
    subject       text NOT NULL,
    count         bigint NOT NULL,                  -- within the rule's window, when it was last seen
    first_at      timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz,                      -- NULL: only told
    reason        text NOT NULL DEFAULT '',
    closed_at     timestamptz,
    closed_by     text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX finding_open_key ON abuse.finding (pattern, subject) WHERE closed_at IS NULL;
CREATE INDEX finding_last_idx ON abuse.finding (last_at DESC);
-- An operator's own limits over the shipped ones.
CREATE TABLE abuse.rule (
    pattern     text PRIMARY KEY,
    rules       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE VIEW abuse.finding_v AS
SELECT pattern, subject, count, first_at, last_at, blocked_until FROM abuse.finding WHERE closed_at IS NULL;
GRANT USAGE ON SCHEMA abuse TO wenyue_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON abuse.tally TO wenyue_app;
GRANT SELECT, INSERT, UPDATE ON abuse.finding, abuse.rule TO wenyue_app;
GRANT SELECT ON abuse.finding_v TO wenyue_app;

-- Which accounts booked for which persons lately; numbers and keyed indexes only.
CREATE VIEW booking.account_person_v AS
SELECT b.created_at, b.holder_id, p.person_key
  FROM booking.booking b
  JOIN booking.place p ON p.booking_id = b.id
 WHERE b.holder_id IS NOT NULL;
GRANT SELECT ON booking.account_person_v TO wenyue_app;
-- Rows lie in the order of their making, so a range of pages finds those of a day; it costs a booking next to nothing.
CREATE INDEX booking_created_idx ON booking.booking USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
