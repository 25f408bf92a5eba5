-- What the accounts slice publishes to booking: a batch looks in its own transaction whether a login was ended meanwhile.
CREATE VIEW accounts.login_v AS
SELECT token_hash, ended_at, expires_at FROM accounts.login;
GRANT SELECT ON accounts.login_v TO wenyue_app;

-- Ending every login of a traveller or of a member of staff is part of a change that somebody waits for.
CREATE INDEX login_of_traveller_idx ON accounts.login (traveller_id) WHERE ended_at IS NULL AND traveller_id IS NOT NULL;
CREATE INDEX login_of_staff_idx ON accounts.login (staff_id) WHERE ended_at IS NULL AND staff_id IS NOT NULL;

-- Failed sign-ins, counted by what tried and what was tried. A table of fixed size: a key's slot follows from its keyed
-- hash, so that no stranger can make it grow, nor choose whose slot to share.
CREATE TABLE accounts.tries (
    slot        integer PRIMARY KEY CHECK (slot BETWEEN 0 AND 65535),
    key         bytea NOT NULL,                     -- keyed hash; names nobody
    score       double precision NOT NULL CHECK (score >= 0),  -- failures, fading with time
    at          timestamptz NOT NULL,               -- when the score was that
    open_at     timestamptz NOT NULL                -- no try before
) WITH (fillfactor = 70);
GRANT SELECT, INSERT, UPDATE ON accounts.tries TO wenyue_app;

-- A device that signed in before is trusted from this instant on only; failed tries before the other count no more.
ALTER TABLE accounts.staff ADD COLUMN devices_from timestamptz NOT NULL DEFAULT '-infinity',
                           ADD COLUMN tries_from timestamptz NOT NULL DEFAULT '-infinity';
