-- name: holders_of_document
-- The accounts that claim a document and have a card that can be lost: those that staff saw it of, then the oldest.
SELECT holder.traveller_id, holder.is_seen FROM accounts.holder_v AS holder
WHERE holder.person_key = %(person_key)s
  AND EXISTS (SELECT 1 FROM cards.card AS card WHERE card.holder_id = holder.traveller_id AND card.state IN (3, 4))
ORDER BY holder.is_seen DESC, holder.traveller_id LIMIT %(limit)s;

-- name: holder_of_number
-- Whose card this is.
SELECT holder_id FROM cards.card WHERE card_no = %(card_no)s AND holder_id IS NOT NULL;

-- name: has_card
-- Whether a card with this number, or one that it was replaced by, is the account's.
SELECT EXISTS (SELECT 1 FROM cards.card AS card
               WHERE card.holder_id = %(holder_id)s
                 AND (card.card_no = %(card_no)s
                      OR card.id IN (SELECT dead.card_id FROM cards.dead_number AS dead WHERE dead.card_no = %(card_no)s)));

-- name: lock_holder
-- Requests, proofs, replacements and objections of one holder happen one after the other.
SELECT pg_advisory_xact_lock(hashint8extended(%(holder_id)s::bigint, 2));

-- name: lock_staff
-- Requests of one member of staff are counted one after the other.
SELECT pg_advisory_xact_lock(hashint8extended(%(staff_id)s::bigint, 3));

-- name: codes_lately
-- Of the last day: codes of this holder or phone, those from this place, all requests of the holder; codes of the holder that
-- were used since then; and whether one was objected to lately.
SELECT count(*) FILTER (WHERE NOT is_shared AND started_at > %(since)s),
       count(*) FILTER (WHERE NOT is_shared AND started_at > %(since)s AND requester_key = %(requester_key)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND started_at > %(since)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND proven_at >= %(used_since)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND objected_at > %(objected_since)s)
FROM cards.recovery
WHERE (holder_id = %(holder_id)s OR phone_key = %(phone_key)s) AND started_at > %(objected_since)s
  AND (how = 'code' OR objected_at IS NOT NULL);

-- name: counter_lately
-- Requests at the counter of the last day: of this holder, of this member of staff; of the holder's that were objected to
-- lately: all, and those that this member of staff had begun.
SELECT count(*) FILTER (WHERE holder_id = %(holder_id)s AND how = 'staff' AND started_at > %(since)s),
       count(*) FILTER (WHERE requester_key = %(requester_key)s AND how = 'staff' AND started_at > %(since)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND objected_at > %(objected_since)s),
       count(*) FILTER (WHERE holder_id = %(holder_id)s AND objected_at > %(objected_since)s
                          AND requester_key = %(requester_key)s)
FROM cards.recovery
WHERE holder_id = %(holder_id)s AND started_at > %(objected_since)s
   OR requester_key = %(requester_key)s AND how = 'staff' AND started_at > %(since)s;

-- name: is_code_kept
-- Whether a request keeps this code that requests share.
SELECT EXISTS (SELECT 1 FROM cards.recovery WHERE holder_id = %(holder_id)s AND code_key = %(code_key)s);

-- name: start
-- A request; the same id again changes nothing.
INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at, code_key, code_until, proven_at,
                            objection_key, objection_until, is_lost, requester_key, is_shared)
VALUES (%(id)s, %(holder_id)s, %(phone_key)s, %(how)s, %(now)s, %(code_key)s, %(code_until)s, %(proven_at)s,
        %(objection_key)s, %(objection_until)s, %(is_lost)s, %(requester_key)s, %(is_shared)s)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: holder_of_request
-- Whose request this is, how it is proved, and who began it.
SELECT holder_id, how, requester_key FROM cards.recovery WHERE id = %(id)s;

-- name: by_shared_code
-- Whose code this is, and a request that keeps it.
SELECT holder_id, id FROM cards.recovery
WHERE is_shared AND code_key = %(code_key)s AND code_until > %(now)s AND objected_at IS NULL
ORDER BY started_at LIMIT 1;

-- name: lock_recovery
-- One request, for a change.
SELECT code_key, code_until, tries, objected_at, is_lost, is_shared
FROM cards.recovery WHERE id = %(id)s FOR UPDATE;

-- name: miss
-- A wrong code.
UPDATE cards.recovery SET tries = %(tries)s WHERE id = %(id)s;

-- name: prove
-- The code was right.
UPDATE cards.recovery SET code_key = NULL, proven_at = %(now)s, is_lost = %(is_lost)s, objection_key = %(objection_key)s,
    objection_until = %(objection_until)s
WHERE id = %(id)s;

-- name: spend_code
-- A code is good once, also one that requests share.
UPDATE cards.recovery SET code_key = NULL WHERE holder_id = %(holder_id)s AND code_key = %(code_key)s;

-- name: freeze_cards
-- Whoever lost a card has lost what was with it. Sign-ins have begun their login, or see this.
WITH shut AS (
    SELECT id FROM cards.card WHERE holder_id = %(holder_id)s AND state = 3 ORDER BY id FOR UPDATE
)
UPDATE cards.card AS card SET state = 4 FROM shut WHERE card.id = shut.id RETURNING card.id;

-- name: thaw_cards
-- Cards that were frozen by mistake; none that was replaced, or given up, since.
WITH shut AS (
    SELECT id FROM cards.card WHERE id = ANY (%(card_ids)s::bigint[]) AND holder_id = %(holder_id)s AND state = 4
    ORDER BY id FOR UPDATE
)
UPDATE cards.card AS card SET state = 3 FROM shut WHERE card.id = shut.id RETURNING card.id;

-- name: forget_stop
-- Requests that were stopped by mistake: nothing comes of them any more, and they keep nobody from beginning another.
UPDATE cards.recovery SET objected_at = NULL, objected_by = NULL, code_key = NULL,
    proven_at = CASE how WHEN 'staff' THEN NULL ELSE proven_at END  -- the login of a proof by code has ended
WHERE holder_id = %(holder_id)s AND objected_at = %(at)s;

-- name: has_proven_phone
-- Whether a code that went to the phone on record came back.
SELECT EXISTS (SELECT 1 FROM cards.recovery
               WHERE holder_id = ANY (%(ids)s::bigint[]) AND how = 'code' AND proven_at IS NOT NULL);

-- name: bind
-- What a proof is good for: the login that it began (none at the counter) and the cards that are frozen as it is made.
UPDATE cards.recovery AS proof
SET login_hash = decode(nullif(%(login_key)s::text, ''), 'hex'),
    card_ids = ARRAY(SELECT card.id FROM cards.card AS card
                     WHERE card.holder_id = proof.holder_id AND card.state = 4 ORDER BY card.id)
WHERE proof.id = %(id)s;

-- name: proof
-- The proof by code that began this login, while it lasts, or the proof at the counter that this very request is; and whether
-- the holder had objected to another lately.
SELECT found.id, found.how, found.proven_at, found.is_lost, found.card_ids,
       EXISTS (SELECT 1 FROM cards.recovery AS stopped
               WHERE stopped.holder_id = found.holder_id AND stopped.objected_at > %(objected_since)s)
FROM cards.recovery AS found
WHERE found.holder_id = %(holder_id)s AND found.proven_at > %(since)s AND found.objected_at IS NULL
  AND CASE WHEN %(request_id)s::uuid IS NULL
           THEN found.how = 'code' AND found.login_hash = decode(%(login_key)s::text, 'hex')
                AND EXISTS (SELECT 1 FROM accounts.login_v AS login
                            WHERE login.token_hash = found.login_hash AND login.ended_at IS NULL
                              AND login.expires_at > %(now)s)
           ELSE found.how = 'staff' AND found.id = %(request_id)s::uuid END
ORDER BY found.proven_at DESC LIMIT 1;

-- name: by_objection
-- Whose replacements a code of objection stops.
SELECT holder_id FROM cards.recovery WHERE objection_key = %(objection_key)s AND objection_until > %(now)s;

-- name: object
-- Stopped, every request of the holder that is open or was proven lately: nothing is shown on any of them.
UPDATE cards.recovery SET objected_at = %(now)s, objected_by = %(actor)s, code_key = NULL
WHERE holder_id = %(holder_id)s AND objected_at IS NULL AND coalesce(proven_at, started_at) > %(since)s
RETURNING how = 'code' AND proven_at IS NOT NULL, proven_at IS NOT NULL;

-- name: was_stopped
-- Whether the holder's requests were stopped already.
SELECT EXISTS (SELECT 1 FROM cards.recovery WHERE holder_id = %(holder_id)s AND objected_at > %(since)s);

-- name: reset_pin
-- A new PIN for an active card of this holder.
UPDATE cards.card SET pin_hash = %(pin_hash)s, pin_is_fresh = false
WHERE id = %(id)s AND holder_id = %(holder_id)s AND state = 3 RETURNING id;
