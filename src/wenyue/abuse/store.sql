-- name: add_tallies
-- Adds counts to their ten minutes.
INSERT INTO abuse.tally AS t (pattern, subject, bucket_at, count)
SELECT w.pattern, w.subject, %(bucket_at)s, w.count
FROM json_to_recordset(%(tallies)s::json) AS w(pattern text, subject text, count bigint)
ORDER BY w.pattern, w.subject
ON CONFLICT (pattern, subject, bucket_at) DO UPDATE SET count = least(t.count + excluded.count, 1000000000)

-- name: totals
-- How often each subject was counted since the beginning of its rule's window.
SELECT t.pattern, t.subject, sum(t.count)::bigint
FROM json_to_recordset(%(wanted)s::json) AS w(pattern text, subject text, since timestamptz)
JOIN abuse.tally t ON t.pattern = w.pattern AND t.subject = w.subject AND t.bucket_at > w.since
GROUP BY t.pattern, t.subject

-- name: save_findings
-- What passed its limit: a new finding, or the open one seen again; a block never gets shorter by that. What a person has looked at
-- and ended counts no more: until as much again has come on top, it is no finding.
INSERT INTO abuse.finding AS f (id, pattern, subject, count, first_at, last_at, blocked_until)
SELECT w.id, w.pattern, w.subject, w.count, %(now)s, %(now)s, w.blocked_until
FROM json_to_recordset(%(findings)s::json)
     AS w(id uuid, pattern text, subject text, count bigint, blocked_until timestamptz, again_from bigint, since timestamptz)
WHERE NOT EXISTS (SELECT FROM abuse.finding e
                   WHERE e.pattern = w.pattern AND e.subject = w.subject AND e.closed_at > w.since
                     AND e.closed_by <> 'not seen again' AND w.count < e.count + w.again_from)
ORDER BY w.pattern, w.subject
ON CONFLICT (pattern, subject) WHERE closed_at IS NULL DO UPDATE
SET count = excluded.count, last_at = excluded.last_at,
    blocked_until = greatest(f.blocked_until, excluded.blocked_until)
RETURNING pattern, subject, first_at = last_at

-- name: close_old
-- Findings that were not seen again for a day, and whose block is over, end by themselves.
UPDATE abuse.finding SET closed_at = %(now)s, closed_by = 'not seen again'
WHERE closed_at IS NULL AND last_at < %(before)s AND (blocked_until IS NULL OR blocked_until < %(now)s)

-- name: drop_tallies
-- Counts whose windows are over.
DELETE FROM abuse.tally WHERE bucket_at < %(before)s

-- name: blocks
-- Who may not do something now; the blocks that end last first.
SELECT pattern, subject, blocked_until
FROM abuse.finding
WHERE closed_at IS NULL AND blocked_until > %(now)s
ORDER BY blocked_until DESC
LIMIT %(limit)s

-- name: findings
-- Open findings, the newest first.
SELECT pattern, subject, count, first_at, last_at, blocked_until
FROM abuse.finding
WHERE closed_at IS NULL
ORDER BY last_at DESC
LIMIT %(limit)s

-- name: close
-- run by: owner
-- Ends a finding and with it its block.
UPDATE abuse.finding SET closed_at = %(now)s, closed_by = %(actor)s, reason = %(reason)s
WHERE closed_at IS NULL AND pattern = %(pattern)s AND subject LIKE %(subject)s || '%%'
RETURNING subject

-- name: block
-- run by: owner
-- Blocks a subject by hand.
INSERT INTO abuse.finding AS f (id, pattern, subject, count, first_at, last_at, blocked_until, reason)
VALUES (%(id)s, %(pattern)s, %(subject)s, 0, %(now)s, %(now)s, %(until)s, %(reason)s)
ON CONFLICT (pattern, subject) WHERE closed_at IS NULL DO UPDATE
SET last_at = excluded.last_at, blocked_until = excluded.blocked_until, reason = excluded.reason

-- name: rules
-- An operator's limits.
SELECT pattern, rules::text FROM abuse.rule ORDER BY pattern LIMIT 100

-- name: save_rule
-- run by: owner
-- One limit of an operator.
INSERT INTO abuse.rule (pattern, rules) VALUES (%(pattern)s, %(rules)s)
ON CONFLICT (pattern) DO UPDATE SET rules = excluded.rules, updated_at = now()

-- name: many_persons
-- Accounts of certain bookings that booked for many persons since an instant.
SELECT v.holder_id, count(DISTINCT v.person_key)
FROM (SELECT DISTINCT w.holder_id FROM booking.account_person_v w WHERE w.booking_id = ANY (%(bookings)s)) AS who
JOIN booking.account_person_v v ON v.holder_id = who.holder_id
WHERE v.created_at >= %(since)s
GROUP BY v.holder_id
HAVING count(DISTINCT v.person_key) >= %(limit)s
ORDER BY 2 DESC
LIMIT 100

-- name: pairs
-- Who is booked by whom.
SELECT DISTINCT v.person_key, v.holder_id FROM booking.account_person_v v WHERE v.booking_id = ANY (%(bookings)s)

-- name: add_pairs
-- Notes who was booked by whom, and when last.
INSERT INTO abuse.pair AS p (person, account, at)
SELECT w.person, w.account, %(now)s
FROM json_to_recordset(%(pairs)s::json) AS w(person text, account text)
ORDER BY w.person, w.account
ON CONFLICT (person, account) DO UPDATE SET at = greatest(p.at, excluded.at)

-- name: count_accounts
-- By how many accounts each of these persons was booked since an instant.
SELECT p.person, count(*) FROM abuse.pair p WHERE p.person = ANY (%(persons)s) AND p.at >= %(since)s GROUP BY p.person

-- name: drop_pairs
-- Pairs that no window needs any more.
DELETE FROM abuse.pair WHERE at < %(before)s
