-- 补卡: the holder of a lost card proves to be that – document and a code to the phone on record, or document at the counter –
-- and is told before a new number is shown. One row from the request to its end; it is never deleted.
CREATE TABLE cards.recovery (
    id            uuid PRIMARY KEY,                 -- minted by who asks: sent twice, begun once
    holder_id     bigint NOT NULL REFERENCES accounts.traveller,
    phone_key     bytea NOT NULL,                   -- keyed hash of the phone on record; empty when there is none
    how           text NOT NULL CHECK (how IN ('code', 'staff')),
    started_at    timestamptz NOT NULL,
    code_key      bytea,                            -- keyed hash of the code; NULL once it was used
    code_until    timestamptz,
    tries         smallint NOT NULL DEFAULT 0,
    proven_at     timestamptz,
    objection_key bytea UNIQUE,                     -- keyed hash of the code with which the holder stops it
    objection_until timestamptz,
    objected_at   timestamptz,
    objected_by   text
);
CREATE INDEX recovery_holder_idx ON cards.recovery (holder_id, started_at);
CREATE INDEX recovery_phone_idx ON cards.recovery (phone_key, started_at);
GRANT SELECT, INSERT, UPDATE ON cards.recovery TO wenyue_app;

-- Which proof a number was replaced on: an objection freezes what came of it.
ALTER TABLE cards.dead_number ADD COLUMN recovery_id uuid REFERENCES cards.recovery;
CREATE INDEX dead_number_recovery_idx ON cards.dead_number (recovery_id) WHERE recovery_id IS NOT NULL;

-- Texts that are about an account and no booking. What was sent is not kept: it may hold a code.
CREATE TABLE notifications.notice (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    about       uuid NOT NULL,                      -- what it tells of: a recovery
    kind        text NOT NULL,
    holder_id   bigint NOT NULL,
    sealed      bytea NOT NULL,                     -- text and phone; emptied when it was sent or given up
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz,
    UNIQUE (about, kind)
);
CREATE INDEX notice_queued_idx ON notifications.notice (id) WHERE state = 'queued';
GRANT SELECT, INSERT, UPDATE ON notifications.notice TO wenyue_app;

-- Logins of the demo, which everybody knows; a new password ends that.
ALTER TABLE accounts.staff ADD COLUMN is_demo boolean NOT NULL DEFAULT false;
UPDATE accounts.staff SET is_demo = true
WHERE login IN ('gate', 'operator') AND display_name IN ('演示检票员', '演示运营员');
CREATE VIEW accounts.demo_login_v AS
SELECT id, login FROM accounts.staff WHERE is_demo AND is_active;
GRANT SELECT ON accounts.demo_login_v TO wenyue_app;
