-- name: newest
-- run by: owner
-- Events as they were appended, the newest first.
SELECT e.id, e.at, e.kind, e.version, coalesce(e.subject, 'booking:' || e.booking_ids[1]), coalesce(cardinality(e.booking_ids), 1)
  FROM events.event e
 WHERE (%(kind)s::text IS NULL OR e.kind = %(kind)s)
   AND (%(subject)s::text IS NULL OR e.subject = %(subject)s)
   AND (%(booking_id)s::uuid IS NULL OR e.booking_ids @> ARRAY[%(booking_id)s::uuid])
 ORDER BY e.id DESC
 LIMIT %(limit)s

-- name: event
-- run by: owner
-- One row of the log.
SELECT e.at, e.kind, e.version, e.subject, e.booking_ids, e.body FROM events.event e WHERE e.id = %(id)s

-- name: standings
-- run by: owner
-- Where each subscriber stands with a row: not come to it, past it, or how many of its events are stuck.
SELECT s.name,
       pg_visible_in_snapshot(e.xid, s.done)
         OR coalesce(e.id <= s.after_id AND pg_visible_in_snapshot(e.xid, s.target), false),
       (SELECT count(*) FROM events.undelivered u WHERE u.subscriber = s.name AND u.event_id = e.id)
  FROM events.subscriber s
  JOIN events.event e ON e.id = %(id)s
 ORDER BY s.name

-- name: stuck
-- run by: owner
-- Subjects with events that a subscriber could not be told of: the first event, how many wait behind it, since when, what failed.
SELECT u.subscriber, u.subject, min(u.event_id), count(*), max(u.tries), bool_or(u.parked_at IS NOT NULL), min(u.since),
       max(u.error), min(u.due_at)
  FROM events.undelivered u
 WHERE %(name)s::text IS NULL OR u.subscriber = %(name)s
 GROUP BY u.subscriber, u.subject
 ORDER BY u.subscriber, min(u.event_id)
 LIMIT %(limit)s

-- name: hold
-- run by: owner
-- The subscriber, while no worker has its turn.
SELECT name FROM events.subscriber WHERE name = %(name)s FOR UPDATE

-- name: not_come_to
-- run by: owner
-- The first row that the subscriber has not come to.
SELECT min(e.id)
  FROM events.subscriber s
  JOIN events.event e ON NOT pg_visible_in_snapshot(e.xid, s.done)
                     AND NOT coalesce(e.id <= s.after_id AND pg_visible_in_snapshot(e.xid, s.target), false)
 WHERE s.name = %(name)s

-- name: replay
-- run by: owner
-- Everything from a row on is told once more.
UPDATE events.subscriber
   SET done = '1:1:', target = pg_current_snapshot(), after_id = %(from_id)s - 1, failures = 0, resting_until = NULL, error = ''
 WHERE name = %(name)s

-- name: from_there
-- run by: owner
-- How many rows there are from one on, and the first of them.
SELECT count(*), min(e.id) FROM events.event e WHERE e.id >= %(from_id)s

-- name: try_now
-- run by: owner
-- Subjects of which something is stuck are tried at once, as if it were the first time.
UPDATE events.undelivered u
   SET tries = 0, parked_at = NULL,
       due_at = CASE WHEN u.event_id = (SELECT min(f.event_id) FROM events.undelivered f
                                         WHERE f.subscriber = u.subscriber AND f.subject = u.subject) THEN %(now)s::timestamptz END
 WHERE u.subscriber = %(name)s AND (%(subject)s::text IS NULL OR u.subject = %(subject)s)

-- name: wake
-- run by: owner
-- A subscriber that rests after failures goes on at once.
UPDATE events.subscriber SET resting_until = NULL, failures = 0 WHERE name = %(name)s

-- name: skip_first
-- run by: owner
-- The first event of a subject that is stuck is given up.
DELETE FROM events.undelivered
 WHERE subscriber = %(name)s AND subject = %(subject)s
   AND event_id = (SELECT min(u.event_id) FROM events.undelivered u WHERE u.subscriber = %(name)s AND u.subject = %(subject)s)
RETURNING event_id

-- name: skip_all
-- run by: owner
-- … or all of them.
DELETE FROM events.undelivered WHERE subscriber = %(name)s AND subject = %(subject)s RETURNING event_id

-- name: forget
-- run by: owner
-- A subscriber that there is no more: it keeps no event from being dropped.
DELETE FROM events.subscriber WHERE name = %(name)s
