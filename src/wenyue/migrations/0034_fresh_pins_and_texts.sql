-- A PIN that was shown with a new number and that nobody has used since: only then it is shown anew, when the answer was lost.
ALTER TABLE cards.card ADD COLUMN pin_is_fresh boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN cards.card.pin_is_fresh IS 'set with the PIN of a new number, cleared by the first right use of it';

-- Texts are counted by phone and by account for a day, when they are sent; those beyond the limits are withheld, and stay visible
-- in the traveller's list.
ALTER TABLE notifications.message ADD COLUMN phone_key bytea;  -- keyed hash of the phone; NULL: no text, or one from before this
ALTER TABLE notifications.message DROP CONSTRAINT message_state_check;
ALTER TABLE notifications.message ADD CONSTRAINT message_state_check
    CHECK (state IN ('queued', 'sent', 'failed', 'withheld'));
CREATE INDEX message_phone_idx ON notifications.message (phone_key, created_at) WHERE phone_key IS NOT NULL;
CREATE INDEX message_account_texts_idx ON notifications.message (holder_id, created_at) WHERE phone_key IS NOT NULL;
