-- name: add_notice
-- A text about an account; the same one again is one, which waits anew when it did not leave. One that is being sent is left alone:
-- nobody waits for a transport.
WITH kept AS (
    SELECT n.id FROM notifications.notice n
     WHERE n.about = %(about)s AND n.kind = %(kind)s AND n.state IN ('withheld', 'failed')
       FOR UPDATE SKIP LOCKED
), again AS (
    UPDATE notifications.notice AS n
       SET state = 'queued', sealed = %(sealed)s, created_at = %(now)s, phone_key = %(phone_key)s
      FROM kept WHERE n.id = kept.id
)
INSERT INTO notifications.notice (about, kind, holder_id, phone_key, sealed, created_at)
VALUES (%(about)s, %(kind)s, %(holder_id)s, %(phone_key)s, %(sealed)s, %(now)s)
ON CONFLICT (about, kind) DO NOTHING;

-- name: take_notices
-- Texts that have not left; those that another worker is sending are its own.
SELECT id, sealed, created_at, kind, holder_id FROM notifications.notice WHERE state = 'queued'
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: has_queued
-- Whether anything waits.
SELECT EXISTS (SELECT 1 FROM notifications.notice WHERE state = 'queued');

-- name: mark_notices
-- What became of them; the text is not kept.
UPDATE notifications.notice
SET state = %(state)s, sealed = ''::bytea, sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s::timestamptz END
WHERE id = ANY (%(ids)s::bigint[]);

-- name: is_sent
-- Whether a text was accepted by the transport.
SELECT state = 'sent' FROM notifications.notice WHERE about = %(about)s AND kind = %(kind)s;
