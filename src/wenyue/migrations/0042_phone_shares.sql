-- Texts to one phone have shares: of the account whose phone it is, and of all others that wrote it down. An account is a phone's
-- when it typed a code that went there; as long as none did, the oldest account that has it on record.
CREATE TABLE notifications.phone_account (
    phone_key   bytea NOT NULL,                     -- keyed hash, as message.phone_key of a phone on record
    holder_id   bigint NOT NULL,
    proved_at   timestamptz,                        -- a code that went to the phone was typed for this account
    PRIMARY KEY (phone_key, holder_id)
);
GRANT SELECT, INSERT, UPDATE ON notifications.phone_account TO wenyue_app;

-- Codes and warnings are counted by phone; those beyond the limits are withheld.
ALTER TABLE notifications.notice ADD COLUMN phone_key bytea;  -- keyed hash of the phone; NULL: from before this
ALTER TABLE notifications.notice DROP CONSTRAINT notice_state_check;
ALTER TABLE notifications.notice ADD CONSTRAINT notice_state_check
    CHECK (state IN ('queued', 'sent', 'failed', 'withheld'));
CREATE INDEX notice_phone_idx ON notifications.notice (phone_key, sent_at) WHERE phone_key IS NOT NULL;

-- A text counts when it left, however long it waited.
CREATE INDEX message_phone_sent_idx ON notifications.message (phone_key, sent_at) WHERE phone_key IS NOT NULL;
CREATE INDEX message_account_sent_idx ON notifications.message (holder_id, sent_at) WHERE phone_key IS NOT NULL;
DROP INDEX notifications.message_phone_idx;
DROP INDEX notifications.message_account_texts_idx;
