-- name: claims_of
-- The accounts that claim a document.
SELECT h.traveller_id, h.is_seen
  FROM accounts.holder_v h
 WHERE h.person_key = %(person_key)s
 ORDER BY h.is_seen DESC, h.traveller_id
 LIMIT %(limit)s

-- name: is_seen
-- Whether staff saw the document of an account's holder.
SELECT t.document_seen_at IS NOT NULL AND t.claim_lost_at IS NULL FROM accounts.traveller t WHERE t.id = %(id)s

-- name: see
-- Staff saw the document beside a card of these accounts.
UPDATE accounts.traveller SET document_seen_at = %(now)s
 WHERE id = ANY (%(own)s::bigint[]) AND document_seen_at IS NULL

-- name: lose
-- These accounts claim the document no more.
UPDATE accounts.traveller
   SET claim_lost_at = %(now)s
 WHERE id = ANY (%(others)s::bigint[]) AND claim_lost_at IS NULL

-- name: forget_self
-- Nor is its person their first visitor. The personal data goes at once.
UPDATE accounts.visitor SET removed_at = %(now)s, sealed = ''::bytea
 WHERE traveller_id = ANY (%(others)s::bigint[]) AND is_self AND removed_at IS NULL

-- name: lost_of
-- The accounts that lost this document to somebody, and whether staff had seen it beside a card of theirs.
SELECT t.id, t.document_seen_at IS NOT NULL
  FROM accounts.traveller t
 WHERE coalesce(t.person_key, t.claim_key) = %(person_key)s AND t.claim_lost_at IS NOT NULL
 ORDER BY t.claim_lost_at DESC, t.id
 LIMIT %(limit)s

-- name: give_back
-- These accounts have the document again: staff saw it beside a card of theirs.
UPDATE accounts.traveller SET claim_lost_at = NULL, document_seen_at = %(now)s
 WHERE id = ANY (%(ids)s::bigint[]) AND claim_lost_at IS NOT NULL

-- name: add_loss
-- What was taken from an account with the document.
INSERT INTO accounts.claim_loss (traveller_id, at, staff_id, second_id, person_key, name_key, was_seen, card_ids)
SELECT t.id, %(now)s, %(staff_id)s, %(second_id)s, %(person_key)s, %(name_key)s, t.document_seen_at IS NOT NULL,
       %(card_ids)s::bigint[]
  FROM accounts.traveller t WHERE t.id = %(id)s
ON CONFLICT DO NOTHING

-- name: close_losses
-- What was taken and is given back now.
UPDATE accounts.claim_loss SET back_at = %(now)s, back_by = %(staff_id)s
 WHERE traveller_id = ANY (%(ids)s::bigint[]) AND back_at IS NULL
RETURNING traveller_id, at, staff_id, name_key, card_ids

-- name: documents_taken
-- Of how many documents a member of staff took accounts away since then.
SELECT count(DISTINCT l.person_key) FROM accounts.claim_loss l WHERE l.staff_id = %(staff_id)s AND l.at > %(since)s
