-- name: lock_cards
-- Lock the cards of a batch in id order; the key columns stay readable for foreign keys.
SELECT id, type_code, state, valid_from, valid_to, holder_key, holder_id
FROM cards.card WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: read_cards
-- Cards as they are now, for showing what they pay for; never for a decision.
SELECT id, type_code, state, valid_from, valid_to, holder_key, holder_id
FROM cards.card WHERE id = ANY(%(ids)s::bigint[]);

-- name: entitlements_of
-- The entitlement counters of locked cards.
SELECT card_id, no, granted, used FROM cards.entitlement WHERE card_id = ANY(%(ids)s::bigint[]);

-- name: companions_of
-- The named persons of locked cards besides their holders.
SELECT card_id, person_key FROM cards.companion WHERE card_id = ANY(%(ids)s::bigint[]) AND removed_at IS NULL;

-- name: spend
-- Add (or give back) used entries; the CHECK of the table is the last word.
UPDATE cards.entitlement AS entitlement SET used = entitlement.used + delta.n
FROM json_to_recordset(%(deltas)s::json) AS delta (c bigint, e smallint, n integer)
WHERE entitlement.card_id = delta.c AND entitlement.no = delta.e;

-- name: load_types
-- Every card type's rules.
SELECT code, rules::text FROM cards.card_type ORDER BY code;

-- name: save_type
-- run by: owner
-- Add a card type, or change it; an unchanged one keeps its revision.
INSERT INTO cards.card_type AS known (code, name, rules, source)
VALUES (%(code)s, %(name)s::jsonb, %(rules)s::jsonb, %(source)s)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, rules = excluded.rules,
    source = excluded.source, revision = known.revision + 1
WHERE (known.name, known.rules, known.source)
    IS DISTINCT FROM (excluded.name, excluded.rules, excluded.source);

-- name: types_here
-- What is known of these card types, and whether anybody has a card of them.
SELECT code, name, source, rules::text, EXISTS (SELECT FROM cards.card WHERE card.type_code = card_type.code)
FROM cards.card_type WHERE code = ANY(%(codes)s::text[]);
