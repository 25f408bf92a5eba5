-- Which sessions were looked through for people who did not come: each once, oldest first.
ALTER TABLE booking.slot ADD COLUMN settled_at timestamptz;
CREATE INDEX slot_unsettled_idx ON booking.slot (ends_at) WHERE settled_at IS NULL;

-- Notes that were handed on are dropped after a while; they are work, not record.
GRANT DELETE ON booking.outbox TO wenyue_app;

-- A booking may be moved more than once, and every move is told: its edition is the number of its newest line.
ALTER TABLE notifications.message ADD COLUMN edition smallint NOT NULL DEFAULT 0;
ALTER TABLE notifications.message DROP CONSTRAINT message_booking_id_kind_channel_key;
ALTER TABLE notifications.message ADD CONSTRAINT message_once UNIQUE (booking_id, kind, channel, edition);
CREATE INDEX message_holder_idx ON notifications.message (holder_id, id DESC) WHERE channel = 'inapp';
