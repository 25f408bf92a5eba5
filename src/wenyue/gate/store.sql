-- name: lock_scan
-- The same scan sent twice at once waits for itself.
SELECT pg_advisory_xact_lock(hashtextextended(%(id)s::text, 0))

-- name: earlier_scan
-- What this scan was answered before.
SELECT s.venue_id, s.gate, s.presented, s.asked, s.answer::text AS answer, u.at AS undone_at
  FROM gate.scan s
  LEFT JOIN gate.undo u ON u.scan_id = s.id
 WHERE s.id = %(id)s

-- name: add_scan
-- Write a scan down with its answer.
INSERT INTO gate.scan (id, venue_id, gate, staff_id, at, presented, verdict, booking_id, line_no, visitor_no,
                       asked, answer)
VALUES (%(id)s, %(venue_id)s, %(gate)s, %(staff_id)s, %(at)s, %(presented)s, %(verdict)s, %(booking_id)s, %(line_no)s,
        %(visitor_no)s, %(asked)s, %(answer)s::jsonb)

-- name: recent
-- A gate's last scans, newest first.
SELECT s.answer::text AS answer, u.at AS undone_at
  FROM gate.scan s
  LEFT JOIN gate.undo u ON u.scan_id = s.id
 WHERE s.venue_id = %(venue_id)s AND s.gate = %(gate)s
 ORDER BY s.at DESC, s.id DESC
 LIMIT %(limit)s

-- name: card_by_number
-- The card that a number stands for, also when the number is dead; whether staff saw the document of its account.
SELECT c.card_id, c.state, c.holder_id, c.holder_key, c.valid_to, c.is_dead_number,
       EXISTS (SELECT FROM accounts.holder_v h
                WHERE h.traveller_id = c.holder_id AND h.person_key = c.holder_key AND h.is_seen) AS is_seen
  FROM cards.presented_v c
 WHERE c.card_no = ANY (%(numbers)s::text[])
 ORDER BY c.is_dead_number
 LIMIT 1

-- name: persons_with_accounts
-- Which of these persons have an account.
SELECT DISTINCT h.person_key FROM accounts.holder_v h WHERE h.person_key = ANY (%(person_keys)s::bytea[])

-- name: holders_of
-- The accounts of persons who may have booked for themselves: those that staff saw the document of, else all that claim it.
SELECT h.traveller_id
  FROM accounts.holder_v h
 WHERE h.person_key = ANY (%(person_keys)s::bytea[])
   AND (h.is_seen OR NOT EXISTS (SELECT FROM accounts.holder_v s WHERE s.person_key = h.person_key AND s.is_seen))
 ORDER BY h.traveller_id
 LIMIT %(limit)s

-- name: cards_by_id
-- The state of the cards that pay for the places in question.
SELECT card_id, state, valid_to
  FROM cards.presented_v
 WHERE card_id = ANY (%(ids)s::bigint[]) AND NOT is_dead_number
