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
