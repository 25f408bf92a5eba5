-- name: add_messages
-- Messages that are not there yet; one that was written before stays as it is. And which account has which phone on record.
WITH noted AS (
    INSERT INTO notifications.phone_account (phone_key, holder_id)
    SELECT DISTINCT decode(r.phone_key, 'hex'), r.holder_id
      FROM json_to_recordset(%(rows)s::json) AS r (phone_key text, holder_id bigint, is_on_record boolean)
     WHERE r.is_on_record
     ORDER BY 1, 2
        ON CONFLICT (phone_key, holder_id) DO NOTHING
)
INSERT INTO notifications.message (booking_id, holder_id, kind, channel, edition, sealed, state, phone_key, created_at, sent_at)
SELECT r.booking_id, r.holder_id, r.kind, r.channel, r.edition, decode(r.sealed, 'base64'), r.state,
       decode(nullif(r.phone_key, ''), 'hex'), %(now)s, CASE WHEN r.state = 'sent' THEN %(now)s::timestamptz END
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, holder_id bigint, kind smallint, channel text, edition smallint, sealed text, state text,
             phone_key text)
    ON CONFLICT ON CONSTRAINT message_once DO NOTHING

-- name: take_queued
-- Texts of these bookings that have not left, whose they are, and whether a later event of this kind is told; those that another
-- worker is sending are its own.
SELECT m.id, m.sealed, m.phone_key, m.holder_id,
       EXISTS (SELECT FROM notifications.message n
                WHERE n.booking_id = m.booking_id AND n.kind = m.kind AND n.channel = 'sms' AND n.edition > m.edition) AS is_told_later
  FROM notifications.message m
 WHERE m.booking_id = ANY (%(ids)s::uuid[]) AND m.kind = %(kind)s AND m.channel = 'sms' AND m.state = 'queued'
 ORDER BY m.id
 LIMIT %(limit)s
   FOR UPDATE OF m SKIP LOCKED

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
