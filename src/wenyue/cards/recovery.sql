-- name: holder_of_document
-- Whose document this is, when they hold a card that can be lost.
SELECT holder.traveller_id FROM accounts.holder_v AS holder
WHERE holder.person_key = %(person_key)s
  AND EXISTS (SELECT 1 FROM cards.card AS card WHERE card.holder_id = holder.traveller_id AND card.state IN (3, 4));

-- name: lock_holder
-- Requests about one holder are counted one after the other.
SELECT pg_advisory_xact_lock(hashint8extended(%(holder_id)s::bigint, 2));

-- name: started_lately
-- How many were begun for this holder, or to this phone, since then; and whether one was objected to lately.
SELECT count(*) FILTER (WHERE started_at > %(since)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND objected_at > %(objected_since)s)
FROM cards.recovery
WHERE (holder_id = %(holder_id)s OR phone_key = %(phone_key)s) AND started_at > %(objected_since)s;

-- name: start
-- A request; the same id again changes nothing.
INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at, code_key, code_until, proven_at,
                            objection_key, objection_until, is_lost)
VALUES (%(id)s, %(holder_id)s, %(phone_key)s, %(how)s, %(now)s, %(code_key)s, %(code_until)s, %(proven_at)s,
        %(objection_key)s, %(objection_until)s, %(is_lost)s)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: lock_recovery
-- One request, for a change.
SELECT id, holder_id, how, code_key, code_until, tries, proven_at, objected_at, is_lost
FROM cards.recovery WHERE id = %(id)s FOR UPDATE;

-- name: miss
-- A wrong code.
UPDATE cards.recovery SET tries = %(tries)s WHERE id = %(id)s;

-- name: prove
-- The code was right.
UPDATE cards.recovery SET code_key = NULL, proven_at = %(now)s, objection_key = %(objection_key)s,
    objection_until = %(objection_until)s
WHERE id = %(id)s;

-- name: freeze_cards
-- Whoever lost a card has lost what was with it.
UPDATE cards.card SET state = 4 WHERE holder_id = %(holder_id)s AND state = 3 RETURNING id;

-- name: latest
-- The holder's newest request to replace a lost card that was proven.
SELECT id, how, proven_at, objected_at FROM cards.recovery
WHERE holder_id = %(holder_id)s AND proven_at IS NOT NULL AND is_lost ORDER BY proven_at DESC LIMIT 1;

-- name: by_objection
-- What a holder's code of objection stops.
SELECT id, holder_id, objected_at FROM cards.recovery
WHERE objection_key = %(objection_key)s AND objection_until > %(now)s FOR UPDATE;

-- name: object
-- Stopped: nothing is shown on it any more.
UPDATE cards.recovery SET objected_at = %(now)s, objected_by = %(actor)s, code_key = NULL WHERE id = %(id)s;

-- name: freeze_replaced
-- What was replaced on it is frozen under its new number.
UPDATE cards.card SET state = 4
WHERE state = 3 AND id IN (SELECT card_id FROM cards.dead_number WHERE recovery_id = %(id)s) RETURNING id;
