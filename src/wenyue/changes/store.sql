-- name: add_change
-- A proposal as it was made; made again under the same id it stays as it is.
INSERT INTO changes.change (id, kind, venue_id, effect, request, was, sessions, places, money_minor, places_max,
                            money_minor_max, reason, digest, proposed_by, proposed_at, expires_at, state, applies_at,
                            decided_at, review_by)
VALUES (%(id)s, %(kind)s, %(venue_id)s, %(effect)s, %(request)s, %(was)s, %(sessions)s, %(places)s, %(money_minor)s,
        %(places_max)s, %(money_minor_max)s, %(reason)s, %(digest)s, %(proposed_by)s, %(proposed_at)s, %(expires_at)s,
        %(state)s, %(applies_at)s, %(decided_at)s, %(review_by)s)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: change
-- One proposal.
SELECT id, kind, venue_id, effect, request, was, sessions, places, money_minor, places_max, money_minor_max, reason,
       digest, proposed_by, proposed_at, expires_at, state, applies_at, decided_by, decided_at, decision, review_by,
       reviewed_by, reviewed_at
FROM changes.change
WHERE id = %(id)s

-- name: lock_change
-- One proposal, so that nobody else decides about it until this transaction ends.
SELECT id FROM changes.change WHERE id = %(id)s FOR UPDATE

-- name: changes
-- Proposals of some venues (NULL: of all) : those that wait for somebody first, the oldest of them first; then the newest.
SELECT id, kind, venue_id, effect, request, was, sessions, places, money_minor, places_max, money_minor_max, reason,
       digest, proposed_by, proposed_at, expires_at, state, applies_at, decided_by, decided_at, decision, review_by,
       reviewed_by, reviewed_at
FROM changes.change
WHERE %(venue_ids)s::bigint[] IS NULL OR venue_id = ANY(%(venue_ids)s::bigint[])
ORDER BY state = 'waiting' AND expires_at > %(now)s DESC, review_by IS NOT NULL AND reviewed_at IS NULL DESC,
         CASE WHEN state = 'waiting' THEN expires_at WHEN reviewed_at IS NULL THEN review_by END, proposed_at DESC, id DESC
LIMIT %(limit)s OFFSET %(skipped)s

-- name: due_changes
-- Proposals that take effect by themselves now, the oldest first.
SELECT id FROM changes.change
WHERE state = 'waiting' AND applies_at <= %(now)s AND expires_at > %(now)s
ORDER BY applies_at, id
LIMIT %(limit)s

-- name: take_turn
-- One change of a venue after the other: what it looks at stays as it is until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('changes of venue', coalesce(%(venue_id)s::bigint, 0)))

-- name: load
-- How many proposals wait, of a person and of a venue; how many the person made lately.
SELECT count(*) FILTER (WHERE c.state = 'waiting' AND c.expires_at > %(now)s AND c.proposed_by = %(actor)s),
       count(*) FILTER (WHERE c.state = 'waiting' AND c.expires_at > %(now)s AND c.venue_id IS NOT DISTINCT FROM %(venue_id)s::bigint),
       count(*) FILTER (WHERE c.proposed_by = %(actor)s AND c.proposed_at > %(since)s)
FROM changes.change c
WHERE c.proposed_at > %(since)s

-- name: settle_change
-- What became of a locked proposal.
UPDATE changes.change
SET state = %(state)s, decided_by = %(decided_by)s, decided_at = %(now)s, decision = %(decision)s
WHERE id = %(id)s AND state = 'waiting'

-- name: expire_changes
-- Proposals that nobody decided upon in time.
UPDATE changes.change SET state = 'expired', decided_at = %(now)s
WHERE id IN (SELECT c.id FROM changes.change c WHERE c.state = 'waiting' AND c.expires_at <= %(now)s
             ORDER BY c.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id

-- name: review_change
-- Somebody else has looked at what took effect by one person.
UPDATE changes.change SET reviewed_by = %(reviewer)s, reviewed_at = %(now)s, decision = %(decision)s
WHERE id = %(id)s AND reviewed_at IS NULL

-- name: is_one_operator
-- Whether the installation is declared to have one operator.
SELECT is_one_operator FROM changes.declared

-- name: wait_again
-- run by: owner
-- What one operator proposed alone waits for a second person after all.
UPDATE changes.change SET applies_at = NULL WHERE state = 'waiting' AND applies_at IS NOT NULL

-- name: declare
-- run by: owner
-- Declares it.
UPDATE changes.declared SET is_one_operator = %(is_one_operator)s, declared_at = %(now)s, declared_by = %(actor)s
WHERE is_one_operator IS DISTINCT FROM %(is_one_operator)s
