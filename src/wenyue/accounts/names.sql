-- name: lock_names
-- Names of one person, and accounts with their document, are added one at a time, so that their number holds.
SELECT pg_advisory_xact_lock(hashtextextended('accounts.known_name', hashtextextended(encode(%(person_key)s, 'hex'), 0)))

-- name: add_name
-- A name that somebody typed with a document, unless there are enough. Names that staff saw count apart.
INSERT INTO accounts.known_name AS n (person_key, name_key, added_at)
SELECT %(person_key)s, %(name_key)s, %(now)s
 WHERE (SELECT count(*) FROM accounts.known_name k
         WHERE k.person_key = %(person_key)s AND k.name_key <> %(name_key)s AND k.seen_at IS NULL AND k.seen_by IS NULL
           AND k.holder_at IS NULL AND k.struck_at IS NULL) < %(most)s
ON CONFLICT (person_key, name_key) DO NOTHING

-- name: names_seen
-- What staff, and the person, said of a person's names; those that speak first, the oldest first.
SELECT name_key, seen_at, seen_by, second_by, noted_at, holder_at, struck_at
  FROM accounts.known_name
 WHERE person_key = ANY (%(person_keys)s::bytea[])
   AND (seen_at IS NOT NULL OR seen_by IS NOT NULL OR holder_at IS NOT NULL OR struck_at IS NOT NULL)
 ORDER BY seen_at, added_at, name_key
 LIMIT %(limit)s

-- name: noted_lately
-- How many names a member of staff noted since then.
SELECT count(*) FROM accounts.known_name WHERE seen_by = %(staff_id)s AND noted_at > %(since)s

-- name: save_name
-- What is known of a name now.
INSERT INTO accounts.known_name (person_key, name_key, added_at, seen_at, seen_by, second_by, noted_at, holder_at, struck_at)
VALUES (%(person_key)s, %(name_key)s, %(now)s, %(seen_at)s, %(seen_by)s, %(second_by)s, %(noted_at)s, %(holder_at)s,
        %(struck_at)s)
ON CONFLICT (person_key, name_key) DO UPDATE
   SET seen_at = excluded.seen_at, seen_by = excluded.seen_by, second_by = excluded.second_by, noted_at = excluded.noted_at,
       holder_at = excluded.holder_at, struck_at = excluded.struck_at

-- name: silence_name
-- A name that another took the place of: it speaks no more.
UPDATE accounts.known_name SET seen_at = NULL WHERE person_key = %(person_key)s AND name_key = %(name_key)s

-- name: strike_names
-- Names that an operator strikes, by how their keys begin: nobody who saw them notes them again.
UPDATE accounts.known_name SET seen_at = NULL, holder_at = NULL, struck_at = %(now)s
 WHERE person_key = ANY (%(person_keys)s::bytea[]) AND starts_with(encode(name_key, 'hex'), %(code)s) AND struck_at IS NULL
   AND (seen_at IS NOT NULL OR seen_by IS NOT NULL OR holder_at IS NOT NULL)
RETURNING name_key

-- name: unsay_name
-- A name that this member of staff alone said, at a settling that turned out to be wrong: struck, as by an operator.
UPDATE accounts.known_name SET seen_at = NULL, struck_at = %(now)s
 WHERE person_key = %(person_key)s AND name_key = %(name_key)s AND seen_by = %(staff_id)s AND second_by IS NULL
   AND holder_at IS NULL AND struck_at IS NULL

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
