-- name: note_phone
-- This account has this phone on record.
INSERT INTO notifications.phone_account (phone_key, holder_id) VALUES (%(phone_key)s, %(holder_id)s)
ON CONFLICT (phone_key, holder_id) DO NOTHING;

-- name: note_proved
-- Whoever has the phone speaks for this account.
INSERT INTO notifications.phone_account (phone_key, holder_id, proved_at) VALUES (%(phone_key)s, %(holder_id)s, %(now)s)
ON CONFLICT (phone_key, holder_id) DO UPDATE SET proved_at = excluded.proved_at;

-- name: own_accounts
-- Of these accounts those whose phones these are: that proved it, or the oldest where none did.
SELECT a.phone_key, a.holder_id
  FROM notifications.phone_account a
 WHERE a.phone_key = ANY (%(phones)s::bytea[]) AND a.holder_id = ANY (%(holders)s::bigint[])
   AND (a.proved_at IS NOT NULL
        OR NOT EXISTS (SELECT FROM notifications.phone_account o
                        WHERE o.phone_key = a.phone_key AND (o.proved_at IS NOT NULL OR o.holder_id < a.holder_id)));

-- name: lock_counts
-- Texts to one phone, and of one account, are counted one after the other.
SELECT pg_advisory_xact_lock(k.key) FROM (SELECT DISTINCT unnest(%(keys)s::bigint[]) AS key ORDER BY key) AS k;

-- name: texts_lately
-- Texts about bookings that left in the last day: by phone and account, and by account.
SELECT phone_key, holder_id, count(*)
  FROM notifications.message
 WHERE phone_key = ANY (%(phones)s::bytea[]) AND sent_at > %(now)s::timestamptz - interval '1 day' AND state = 'sent'
 GROUP BY phone_key, holder_id
UNION ALL
SELECT NULL, holder_id, count(*)
  FROM notifications.message
 WHERE phone_key IS NOT NULL AND holder_id = ANY (%(holders)s::bigint[])
   AND sent_at > %(now)s::timestamptz - interval '1 day' AND state = 'sent'
 GROUP BY holder_id;

-- name: notices_lately
-- Codes and warnings that left in the last day, by phone, account and kind; and how many of them in the last hour.
SELECT phone_key, holder_id, kind, count(*), count(*) FILTER (WHERE sent_at > %(now)s::timestamptz - interval '1 hour')
  FROM notifications.notice
 WHERE phone_key = ANY (%(phones)s::bytea[]) AND sent_at > %(now)s::timestamptz - interval '1 day' AND state = 'sent'
 GROUP BY phone_key, holder_id, kind;
