-- name: lock_names
-- Names of one person, and accounts with their document, are added one at a time, so that their number holds.
SELECT pg_advisory_xact_lock(hashtextextended('accounts.known_name', hashtextextended(encode(%(person_key)s, 'hex'), 0)))

-- name: add_name
-- A name of a person, unless there are enough. Names that staff saw count apart from those that somebody typed.
INSERT INTO accounts.known_name AS n (person_key, name_key, added_at, seen_at)
SELECT %(person_key)s, %(name_key)s, %(now)s, %(seen_at)s
 WHERE (SELECT count(*) FROM accounts.known_name k
         WHERE k.person_key = %(person_key)s AND k.name_key <> %(name_key)s
           AND (k.seen_at IS NULL) = (%(seen_at)s::timestamptz IS NULL)) < %(most)s
ON CONFLICT (person_key, name_key) DO UPDATE SET seen_at = excluded.seen_at
 WHERE n.seen_at IS NULL AND excluded.seen_at IS NOT NULL

-- name: is_known
-- Whether the person is known under this name; when it is to be one that staff saw, whether it is that.
SELECT k.added_at FROM accounts.known_name k
 WHERE k.person_key = %(person_key)s AND k.name_key = %(name_key)s
   AND (k.seen_at IS NOT NULL OR %(seen_at)s::timestamptz IS NULL)

-- name: names_of
-- How many names a person is known under, whether this is one, and which accounts are theirs.
SELECT count(*), bool_or(k.name_key = %(name_key)s), array_agg(k.traveller_id)
  FROM accounts.known_name_v k
 WHERE k.person_key = %(person_key)s

-- name: unnoted
-- Accounts whose name is not noted.
SELECT t.id, t.person_key, t.sealed
  FROM accounts.traveller t
 WHERE t.id > %(after)s AND t.person_key IS NOT NULL AND length(t.sealed) > 0
   AND NOT EXISTS (SELECT FROM accounts.known_name k WHERE k.person_key = t.person_key)
 ORDER BY t.id
 LIMIT %(limit)s

-- name: count_disowning
-- How often an account took its holder's places out of others' bookings within a day, this time included.
UPDATE accounts.traveller AS t
SET disownings = CASE WHEN t.disownings_from > %(since)s THEN least(t.disownings + 1, 1000000) ELSE 1 END,
    disownings_from = CASE WHEN t.disownings_from > %(since)s THEN t.disownings_from ELSE %(now)s END
WHERE t.id = %(id)s
RETURNING t.disownings;
