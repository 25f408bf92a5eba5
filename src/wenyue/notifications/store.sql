-- name: add_messages
-- Messages that are not there yet; one that was written before stays as it is.
INSERT INTO notifications.message (booking_id, holder_id, kind, channel, edition, sealed, state, created_at, sent_at)
SELECT r.booking_id, r.holder_id, r.kind, r.channel, r.edition, decode(r.sealed, 'base64'), r.state, %(now)s,
       CASE WHEN r.state = 'sent' THEN %(now)s::timestamptz END
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, holder_id bigint, kind smallint, channel text, edition smallint, sealed text, state text)
    ON CONFLICT ON CONSTRAINT message_once DO NOTHING

-- name: take_queued
-- Texts of these bookings that have not left; those that another worker is sending are its own.
SELECT id, sealed
  FROM notifications.message
 WHERE booking_id = ANY (%(ids)s::uuid[]) AND kind = %(kind)s AND channel = 'sms' AND state = 'queued'
 ORDER BY id
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED

-- name: mark
-- What became of texts.
UPDATE notifications.message
   SET state = %(state)s, sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s::timestamptz END
 WHERE id = ANY (%(ids)s::bigint[])

-- name: give_up
-- Texts that no try could send.
UPDATE notifications.message
   SET state = 'failed'
 WHERE booking_id = ANY (%(ids)s::uuid[]) AND kind = %(kind)s AND channel = 'sms' AND state = 'queued'

-- name: messages_of
-- A traveller's newest messages.
SELECT id, booking_id, kind, sealed, created_at
  FROM notifications.message
 WHERE holder_id = %(holder_id)s AND channel = 'inapp'
 ORDER BY id DESC
 LIMIT %(limit)s
