-- name: lock_people
-- run by: owner
-- Nobody else adds names of these people, or accounts with their documents, until the transaction ends; in one order for all.
SELECT pg_advisory_xact_lock(hashtextextended('accounts.known_name', hashtextextended(encode(person.key, 'hex'), 0)))
FROM (SELECT DISTINCT key FROM unnest(%(person_keys)s::bytea[]) AS key ORDER BY key) AS person;

-- name: claims_of_people
-- run by: owner
-- The accounts that claim these documents, those first that staff saw one of.
SELECT h.person_key, h.traveller_id, h.is_seen
  FROM accounts.holder_v h WHERE h.person_key = ANY(%(person_keys)s::bytea[])
 ORDER BY h.is_seen DESC, h.traveller_id;

-- name: names_of_people
-- run by: owner
-- The names under which people are known whose document staff saw.
SELECT k.person_key, k.name_key FROM accounts.known_name_v k WHERE k.person_key = ANY(%(person_keys)s::bytea[]);

-- name: sealed_of
-- run by: owner
-- Accounts as they are on record.
SELECT id, sealed FROM accounts.traveller WHERE id = ANY(%(ids)s::bigint[]);

-- name: new_ids
-- run by: owner
-- Identifiers of accounts to come.
SELECT nextval(pg_get_serial_sequence('accounts.traveller', 'id')) FROM generate_series(1, %(n)s);

-- name: open_accounts
-- run by: owner
-- Accounts with documents, which others may claim already; of several with one document the first keeps it.
INSERT INTO accounts.traveller (id, person_key, claim_key, sealed, locale, created_at)
SELECT new.id, CASE WHEN new.is_first THEN new.person_key END, CASE WHEN NOT new.is_first THEN new.person_key END, new.sealed,
       %(locale)s, %(now)s
FROM (SELECT one.id, one.person_key, one.sealed,
             row_number() OVER (PARTITION BY one.person_key ORDER BY one.id) = 1
             AND NOT EXISTS (SELECT FROM accounts.traveller t WHERE t.person_key = one.person_key) AS is_first
        FROM unnest(%(ids)s::bigint[], %(person_keys)s::bytea[], %(sealed)s::bytea[]) AS one (id, person_key, sealed)) AS new;

-- name: put_selves
-- run by: owner
-- Their holders are their first common visitors.
INSERT INTO accounts.visitor (traveller_id, person_key, sealed, is_self, created_at)
SELECT one.id, one.person_key, one.sealed, true, %(now)s
FROM unnest(%(ids)s::bigint[], %(person_keys)s::bytea[], %(sealed)s::bytea[]) AS one (id, person_key, sealed);

-- name: add_names
-- run by: owner
-- Names that a list gives with documents, unless a person has enough. They prove nothing.
INSERT INTO accounts.known_name (person_key, name_key, added_at)
SELECT DISTINCT one.person_key, one.name_key, %(now)s::timestamptz
FROM unnest(%(person_keys)s::bytea[], %(name_keys)s::bytea[]) AS one (person_key, name_key)
WHERE (SELECT count(*) FROM accounts.known_name k
        WHERE k.person_key = one.person_key AND k.name_key <> one.name_key AND k.seen_at IS NULL AND k.seen_by IS NULL
          AND k.holder_at IS NULL AND k.struck_at IS NULL) < %(most)s
ON CONFLICT (person_key, name_key) DO NOTHING;

-- name: correct
-- run by: owner
-- Name and phone on record, as a later list gives them.
UPDATE accounts.traveller SET sealed = %(sealed)s WHERE id = %(id)s;

-- name: correct_self
-- run by: owner
-- … and as its first common visitor.
UPDATE accounts.visitor SET sealed = %(sealed)s WHERE traveller_id = %(id)s AND is_self AND removed_at IS NULL;
