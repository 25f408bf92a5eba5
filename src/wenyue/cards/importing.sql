-- name: one_at_a_time
-- run by: owner
-- Batches of imports follow one another.
SELECT pg_advisory_xact_lock(hashtextextended('cards.import', 0));

-- name: imported_of
-- run by: owner
-- What this source's imports left under these numbers, and under others that a person could take for them.
SELECT card_no, loose, card_id, said FROM cards.imported WHERE source = %(source)s AND loose = ANY(%(looses)s::text[]);

-- name: numbers_taken
-- run by: owner
-- The cards that have these numbers, or had them.
SELECT card_no, id FROM cards.card WHERE card_no = ANY(%(card_nos)s::text[])
UNION ALL
SELECT card_no, card_id FROM cards.dead_number WHERE card_no = ANY(%(card_nos)s::text[]);

-- name: lock_cards
-- run by: owner
-- Nobody signs in with, books on or changes these until the transaction ends.
SELECT id FROM cards.card WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE;

-- name: cards_here
-- run by: owner
-- Cards as they are, with their companions and what is left of their entitlements.
SELECT card.id, card.type_code, card.state, card.issued_at, card.valid_from, card.valid_to, card.holder_id, card.holder_key,
       ARRAY(SELECT companion.person_key FROM cards.companion AS companion
              WHERE companion.card_id = card.id AND companion.removed_at IS NULL ORDER BY companion.person_key),
       (SELECT coalesce(json_object_agg(entitlement.no, entitlement.granted - entitlement.used), '{}')
          FROM cards.entitlement AS entitlement WHERE entitlement.card_id = card.id AND entitlement.granted IS NOT NULL)
FROM cards.card AS card WHERE card.id = ANY(%(ids)s::bigint[]);

-- name: opened_by_imports
-- run by: owner
-- Of these accounts those that an import opened for a holder.
SELECT DISTINCT holder_id FROM cards.imported WHERE holder_id = ANY(%(ids)s::bigint[]);

-- name: new_ids
-- run by: owner
-- Identifiers of cards to come.
SELECT nextval(pg_get_serial_sequence('cards.card', 'id')) FROM generate_series(1, %(n)s);

-- name: add_cards
-- run by: owner
-- Cards that were brought along; one whose number was taken meanwhile is not among what comes back.
INSERT INTO cards.card (id, card_no, type_code, state, pin_hash, issued_at, activated_at, valid_from, valid_to, holder_id, holder_key)
SELECT new.id, new.card_no, new.type_code, new.state, %(pin_hash)s, new.issued_at, new.activated_at, new.valid_from, new.valid_to,
       new.holder_id, decode(new.holder_key, 'hex')
FROM json_to_recordset(%(cards)s::json) AS new (id bigint, card_no text, type_code text, state smallint, issued_at timestamptz,
     activated_at timestamptz, valid_from date, valid_to date, holder_id bigint, holder_key text)
WHERE NOT EXISTS (SELECT FROM cards.dead_number AS dead WHERE dead.card_no = new.card_no)
ORDER BY new.id
ON CONFLICT (card_no) DO NOTHING RETURNING id;

-- name: hand_over
-- run by: owner
-- Cards that were not in use have a holder now.
UPDATE cards.card AS card
SET state = new.state, activated_at = new.activated_at, valid_from = new.valid_from, valid_to = new.valid_to,
    holder_id = new.holder_id, holder_key = decode(new.holder_key, 'hex')
FROM json_to_recordset(%(cards)s::json) AS new (id bigint, state smallint, activated_at timestamptz, valid_from date, valid_to date,
     holder_id bigint, holder_key text)
WHERE card.id = new.id AND card.holder_id IS NULL;

-- name: grant
-- run by: owner
-- What is left of their entitlements; what was used elsewhere was never booked here, so that it is not granted.
INSERT INTO cards.entitlement AS known (card_id, no, granted)
SELECT new.card_id, new.no, new.remaining
FROM json_to_recordset(%(entitlements)s::json) AS new (card_id bigint, no smallint, remaining integer)
ON CONFLICT (card_id, no) DO UPDATE SET granted = known.used + excluded.granted;

-- name: add_companions
-- run by: owner
-- Named persons of cards; one who left may come back.
INSERT INTO cards.companion (card_id, person_key, sealed)
SELECT new.card_id, new.person_key, new.sealed
FROM unnest(%(card_ids)s::bigint[], %(person_keys)s::bytea[], %(sealed)s::bytea[]) AS new (card_id, person_key, sealed)
ON CONFLICT (card_id, person_key) DO UPDATE SET sealed = excluded.sealed, removed_at = NULL;

-- name: remove_companions
-- run by: owner
-- Named persons leave cards; the names go.
UPDATE cards.companion AS companion SET removed_at = %(now)s, sealed = ''::bytea
FROM unnest(%(card_ids)s::bigint[], %(person_keys)s::bytea[]) AS gone (card_id, person_key)
WHERE companion.card_id = gone.card_id AND companion.person_key = gone.person_key AND companion.removed_at IS NULL;

-- name: change_cards
-- run by: owner
-- What a later file says of cards that are as an import left them.
UPDATE cards.card AS card
SET state = new.state, issued_at = new.issued_at, valid_from = new.valid_from, valid_to = new.valid_to
FROM json_to_recordset(%(cards)s::json) AS new (id bigint, state smallint, issued_at timestamptz, valid_from date, valid_to date)
WHERE card.id = new.id;

-- name: note_imported
-- run by: owner
-- What was left of them.
INSERT INTO cards.imported AS known (source, card_no, loose, card_id, holder_id, said, at)
SELECT %(source)s, new.card_no, new.loose, new.card_id, new.holder_id, new.said, %(now)s
FROM json_to_recordset(%(rows)s::json) AS new (card_no text, loose text, card_id bigint, holder_id bigint, said jsonb)
ON CONFLICT (source, card_no) DO UPDATE
   SET said = excluded.said, at = excluded.at, holder_id = coalesce(excluded.holder_id, known.holder_id);

-- name: imported_after
-- run by: owner
-- One page of the numbers that a source brought.
SELECT card_no FROM cards.imported WHERE source = %(source)s AND card_no > %(after)s ORDER BY card_no LIMIT %(limit)s;

-- name: one_moment
-- run by: owner
-- What this transaction reads is of one moment, however long it reads.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: exported
-- run by: owner
-- One page of all cards, by id.
SELECT card.id, card.card_no, card.type_code, card.state, card.issued_at, card.valid_from, card.valid_to, card.holder_id,
       ARRAY(SELECT companion.sealed FROM cards.companion AS companion
              WHERE companion.card_id = card.id AND companion.removed_at IS NULL ORDER BY companion.person_key),
       (SELECT coalesce(json_object_agg(entitlement.no, entitlement.granted - entitlement.used), '{}')
          FROM cards.entitlement AS entitlement WHERE entitlement.card_id = card.id)
FROM cards.card AS card WHERE card.id > %(after)s ORDER BY card.id LIMIT %(limit)s;

-- name: count_cards
-- run by: owner
-- How many there are.
SELECT count(*) FROM cards.card;

-- name: type_names
-- run by: owner
-- What card types are called.
SELECT code, name, rules::text FROM cards.card_type ORDER BY code;
