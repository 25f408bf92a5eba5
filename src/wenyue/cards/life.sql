-- name: add_card
-- run by: owner
-- A new card; nothing happens when its number is taken, alive or dead.
INSERT INTO cards.card (card_no, type_code, state, pin_hash, issued_at)
SELECT %(card_no)s, %(type_code)s, %(state)s, %(pin_hash)s, %(now)s
WHERE NOT EXISTS (SELECT 1 FROM cards.dead_number WHERE card_no = %(card_no)s)
ON CONFLICT (card_no) DO NOTHING
RETURNING id;

-- name: type_rules
-- One card type's rules.
SELECT rules::text FROM cards.card_type WHERE code = %(code)s;

-- name: pin_of
-- What a PIN is checked against.
SELECT id, pin_hash, state, holder_id FROM cards.card WHERE card_no = %(card_no)s;

-- name: lock_proven
-- The card with this number, if this is what its PIN is checked against still; until the transaction ends nothing shuts its holder
-- out (those take FOR UPDATE), while bookings go on.
SELECT state, holder_id, pin_is_fresh FROM cards.card WHERE card_no = %(card_no)s AND pin_hash = %(pin_hash)s FOR KEY SHARE;

-- name: pin_used
-- A PIN that was shown with a new number came into use: it is not shown anew.
UPDATE cards.card SET pin_is_fresh = false WHERE card_no = %(card_no)s AND pin_hash = %(pin_hash)s;

-- name: shut_by_no
-- One card, to be frozen or given another number: sign-ins with it have begun their login, or look at it again after this.
SELECT id, type_code, state, issued_at, valid_from, valid_to, holder_id, holder_key
FROM cards.card WHERE card_no = %(card_no)s FOR UPDATE;

-- name: shut_by_id
-- Likewise, to be given another PIN.
SELECT id, type_code, state, issued_at, valid_from, valid_to, holder_id, holder_key
FROM cards.card WHERE id = %(id)s FOR UPDATE;

-- name: dead_number
-- Whether a number was lost and replaced.
SELECT card_id FROM cards.dead_number WHERE card_no = %(card_no)s;

-- name: set_pin_hash
-- The same PIN under the present key and cost, unless it was changed meanwhile.
UPDATE cards.card SET pin_hash = %(new)s WHERE id = %(id)s AND pin_hash = %(old)s;

-- name: lock_by_no
-- One card for a change, found by its number.
SELECT id, type_code, state, issued_at, valid_from, valid_to, holder_id, holder_key
FROM cards.card WHERE card_no = %(card_no)s FOR NO KEY UPDATE;

-- name: lock_by_id
-- One card for a change.
SELECT id, type_code, state, issued_at, valid_from, valid_to, holder_id, holder_key
FROM cards.card WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: activate
-- A shipped card becomes a person's.
UPDATE cards.card SET state = 3, activated_at = %(now)s, valid_from = %(valid_from)s, valid_to = %(valid_to)s,
    holder_id = %(holder_id)s, holder_key = %(holder_key)s
WHERE id = %(id)s;

-- name: grant_entitlements
-- The counters of a card's entitlements, as its type says.
INSERT INTO cards.entitlement (card_id, no, granted)
SELECT %(card_id)s, wanted.no, wanted.granted
FROM json_to_recordset(%(entitlements)s::json) AS wanted (no smallint, granted integer)
ON CONFLICT (card_id, no) DO NOTHING;

-- name: set_state
-- Freeze or thaw a card.
UPDATE cards.card SET state = %(state)s WHERE id = %(id)s;

-- name: bury_number
-- The lost number is dead for ever.
INSERT INTO cards.dead_number (card_no, card_id, died_at, reason, request_id, recovery_id)
VALUES (%(card_no)s, %(card_id)s, %(now)s, %(reason)s, %(request_id)s, %(recovery_id)s);

-- name: use_proofs
-- The card was thawed, or has a new number: nothing more comes of the holder's proofs for it.
UPDATE cards.recovery SET card_ids = array_remove(card_ids, %(card_id)s::bigint)
WHERE holder_id = %(holder_id)s AND %(card_id)s::bigint = ANY (card_ids);

-- name: replacement
-- The card that a replacement request was about, on which proof, whether it is the card's newest one, and when it was made.
SELECT dead.card_id, dead.recovery_id, NOT EXISTS (
           SELECT 1 FROM cards.dead_number AS later WHERE later.card_id = dead.card_id AND later.died_at > dead.died_at),
       dead.died_at
FROM cards.dead_number AS dead WHERE dead.request_id = %(request_id)s;

-- name: renumber
-- The same card under a new number and PIN.
UPDATE cards.card SET card_no = %(card_no)s, pin_hash = %(pin_hash)s, pin_is_fresh = true, state = 3
WHERE id = %(id)s RETURNING card_no;

-- name: set_pin
-- A new PIN for the number the card has, if the one before was not used.
UPDATE cards.card SET pin_hash = %(pin_hash)s
WHERE id = %(id)s AND pin_is_fresh RETURNING card_no;

-- name: begin_validity
-- The first visit of a card whose validity starts with it.
UPDATE cards.card SET valid_from = %(valid_from)s, valid_to = %(valid_to)s
WHERE id = %(id)s AND valid_from IS NULL;

-- name: cards_of
-- A traveller's cards, the newest first.
SELECT card.id, card.card_no, card.type_code, type.name, type.rules::text, card.state,
       card.activated_at, card.valid_from, card.valid_to, card.extended_days
FROM cards.card AS card JOIN cards.card_type AS type ON type.code = card.type_code
WHERE card.holder_id = %(holder_id)s ORDER BY card.activated_at DESC, card.id DESC LIMIT %(limit)s;

-- name: companions
-- Everybody who is or was a companion of these cards.
SELECT card_id, person_key, sealed, removed_at IS NULL AS is_live
FROM cards.companion WHERE card_id = ANY(%(ids)s::bigint[]) ORDER BY card_id, person_key;

-- name: add_companion
-- A companion; one who left may come back.
INSERT INTO cards.companion (card_id, person_key, sealed) VALUES (%(card_id)s, %(person_key)s, %(sealed)s)
ON CONFLICT (card_id, person_key) DO UPDATE SET sealed = excluded.sealed, removed_at = NULL;

-- name: remove_companion
-- A companion leaves; the name goes, the key stays so that changes can be counted.
UPDATE cards.companion SET removed_at = %(now)s, sealed = ''::bytea
WHERE card_id = %(card_id)s AND person_key = %(person_key)s AND removed_at IS NULL RETURNING card_id;

-- name: add_extension
-- run by: owner
-- A suspension that lengthens validity; its id makes it one.
INSERT INTO cards.extension (id, type_code, from_date, to_date, days, reason, actor, at)
VALUES (%(id)s, %(type_code)s, %(from_date)s, %(to_date)s, %(days)s, %(reason)s, %(actor)s, %(now)s)
ON CONFLICT (id) DO NOTHING;

-- name: lock_extension
-- run by: owner
-- How far an extension came.
SELECT type_code, from_date, to_date, days, last_card_id, done_at
FROM cards.extension WHERE id = %(id)s FOR UPDATE;

-- name: extend_some
-- run by: owner
-- Lengthen the next cards that were valid during the suspension, in id order; no card beyond the last year that has four digits.
WITH due AS (
    SELECT id FROM cards.card
    WHERE type_code = %(type_code)s AND id > %(after)s AND state IN (3, 4)
      AND valid_from <= %(to_date)s AND valid_to >= %(from_date)s
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE
)
UPDATE cards.card AS card
SET valid_to = least(card.valid_to + %(days)s::integer, date '9999-12-31'), extended_days = card.extended_days + %(days)s
FROM due WHERE card.id = due.id RETURNING card.id;

-- name: move_extension
-- run by: owner
-- Remember how far it came.
UPDATE cards.extension SET last_card_id = %(last_card_id)s, cards = cards + %(n)s, done_at = %(done_at)s
WHERE id = %(id)s;
