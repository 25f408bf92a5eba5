-- Taking a scan back: who confirmed it when the keeper alone may not any more, and what was refused for that reason.
ALTER TABLE gate.undo ADD COLUMN second_staff_id bigint;
CREATE INDEX undo_keeper_idx ON gate.undo (staff_id, at);
CREATE INDEX undo_at_idx ON gate.undo (at);
CREATE TABLE gate.undo_refused (
    scan_id     uuid NOT NULL REFERENCES gate.scan,
    staff_id    bigint NOT NULL,                    -- 0: a machine
    at          timestamptz NOT NULL,
    PRIMARY KEY (scan_id, staff_id)                 -- a keeper who tries again is written down once
);
CREATE INDEX undo_refused_at_idx ON gate.undo_refused (at);
GRANT SELECT, INSERT ON gate.undo_refused TO wenyue_app;

-- What the monitor looks at: no person, no reason.
CREATE VIEW gate.undo_v AS
SELECT u.at, u.staff_id, u.second_staff_id IS NOT NULL AS is_confirmed, s.venue_id, s.booking_id, s.line_no, s.visitor_no
  FROM gate.undo u
  JOIN gate.scan s ON s.id = u.scan_id;
CREATE VIEW gate.undo_refused_v AS SELECT at, staff_id FROM gate.undo_refused;
GRANT SELECT ON gate.undo_v, gate.undo_refused_v TO wenyue_app;

-- Looking a booking up by name, phone or old number: keyed hashes, written by the worker for the days that are near, so that
-- a booking pays nothing for them. A row whose booking has left that day again is harmless: the booking itself is read.
CREATE TABLE gate.term (
    term        bytea NOT NULL,                     -- kernel.personal.Vault.fingerprint of kind and normalised text
    venue_id    bigint NOT NULL,
    on_date     date NOT NULL,
    booking_id  uuid NOT NULL,
    PRIMARY KEY (term, venue_id, on_date, booking_id)
);
CREATE INDEX term_day_idx ON gate.term (on_date);
GRANT SELECT, INSERT, DELETE ON gate.term TO wenyue_app;
-- Sessions of near days whose bookings are being gone through, and how far.
CREATE TABLE gate.gone_through (
    slot_id     bigint PRIMARY KEY,
    on_date     date NOT NULL,
    after       uuid,                               -- bookings up to this one are done; NULL: none yet
    done_at     timestamptz
);
CREATE INDEX gone_through_day_idx ON gate.gone_through (on_date);
GRANT SELECT, INSERT, UPDATE, DELETE ON gate.gone_through TO wenyue_app;
-- Every look-up: who, where, what kind, the keyed hash of the term, how many were found.
CREATE TABLE gate.lookup (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    staff_id    bigint NOT NULL,
    venue_id    bigint NOT NULL,
    kind        text NOT NULL,
    term        bytea NOT NULL,
    found       integer NOT NULL
);
CREATE INDEX lookup_keeper_idx ON gate.lookup (staff_id, at);
GRANT SELECT, INSERT ON gate.lookup TO wenyue_app;
