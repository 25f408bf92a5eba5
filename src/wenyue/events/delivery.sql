-- name: register
-- A subscriber that is new begins with the oldest event there is, or with what happens from now on.
INSERT INTO events.subscriber (name, done)
VALUES (%(name)s, CASE WHEN %(from_oldest)s THEN '1:1:'::pg_snapshot ELSE pg_current_snapshot() END)
ON CONFLICT (name) DO NOTHING

-- name: due
-- Which subscribers have something to do: three looks at the ends of indexes for each.
SELECT s.name
  FROM events.subscriber s
 WHERE (s.resting_until IS NULL OR s.resting_until <= %(now)s)
   AND (s.target IS NOT NULL
        OR events.first_ahead(s.done, NULL) IS NOT NULL
        OR EXISTS (SELECT FROM events.undelivered u WHERE u.subscriber = s.name AND u.due_at <= %(now)s))

-- name: take
-- The subscriber's turn, until the transaction ends; nothing when another worker has it, or while it rests.
SELECT target IS NOT NULL, after_id, failures
  FROM events.subscriber
 WHERE name = %(name)s AND (resting_until IS NULL OR resting_until <= %(now)s)
   FOR UPDATE SKIP LOCKED

-- name: aim
-- What is to be gone through next: everything that has been committed by now and is not behind the subscriber.
WITH first AS MATERIALIZED (
    SELECT here.snapshot, events.first_ahead(s.done, here.snapshot) AS id
      FROM events.subscriber s
     CROSS JOIN (SELECT pg_current_snapshot() AS snapshot) AS here
     WHERE s.name = %(name)s)
UPDATE events.subscriber s
   SET target = first.snapshot, after_id = first.id - 1
  FROM first
 WHERE s.name = %(name)s AND first.id IS NOT NULL
RETURNING s.after_id

-- name: page
-- The next rows in order, with the bookings of those that concern the subscriber; ends with the row that fills the batch.
WITH page AS MATERIALIZED (
    SELECT e.id, e.at, e.kind, e.version, e.booking_ids, e.subject, e.body,
           pg_visible_in_snapshot(e.xid, s.target) AND NOT pg_visible_in_snapshot(e.xid, s.done)
             AND e.kind <> ALL (%(ignored)s::text[]) AS is_mine
      FROM events.subscriber s
     CROSS JOIN LATERAL (SELECT n.id, n.xid, n.at, n.kind, n.version, n.booking_ids, n.subject, n.body
                           FROM events.event n WHERE n.id > s.after_id ORDER BY n.id LIMIT %(rows)s) AS e
     WHERE s.name = %(name)s
), sized AS (
    SELECT p.id, p.at, p.kind, p.version, p.booking_ids, p.subject, p.body, p.is_mine, f.size,
           sum(f.size) OVER (ORDER BY p.id) AS upto, count(*) OVER () AS rows
      FROM page p
     CROSS JOIN LATERAL (SELECT CASE WHEN p.is_mine THEN coalesce(cardinality(p.booking_ids), 1) ELSE 0 END AS size) AS f
)
SELECT id, is_mine, at, kind, version, CASE WHEN is_mine THEN booking_ids END, subject, CASE WHEN is_mine THEN body END, rows
  FROM sized
 WHERE upto - size < %(events)s
 ORDER BY id

-- name: move
-- How far the subscriber has come; at the end of its target that is behind it.
UPDATE events.subscriber
   SET after_id = %(after_id)s, done = CASE WHEN %(is_end)s THEN target ELSE done END,
       target = CASE WHEN %(is_end)s THEN NULL ELSE target END,
       failures = 0, resting_until = NULL, error = '', moved_at = %(now)s
 WHERE name = %(name)s

-- name: rest
-- Everything failed: it is tried again later, from where it is.
UPDATE events.subscriber
   SET failures = least(failures, 999) + 1, resting_until = %(until)s, error = %(error)s
 WHERE name = %(name)s

-- name: held_back
-- Which of these subjects have something undelivered: what comes later waits behind it.
SELECT DISTINCT subject FROM events.undelivered WHERE subscriber = %(name)s AND subject = ANY (%(subjects)s)

-- name: set_aside
-- Events that failed, or that wait behind one that did.
INSERT INTO events.undelivered (subscriber, subject, event_id, tries, due_at, parked_at, error, since)
SELECT %(name)s, r.subject, r.event_id, r.tries, r.due_at, r.parked_at, r.error, %(now)s
  FROM json_to_recordset(%(rows)s::json)
       AS r (subject text, event_id bigint, tries integer, due_at timestamptz, parked_at timestamptz, error text)
ON CONFLICT (subscriber, subject, event_id) DO NOTHING

-- name: due_subjects
-- Subjects whose turn to be tried again has come, those first that have waited longest.
SELECT u.subject FROM events.undelivered u
 WHERE u.subscriber = %(name)s AND u.due_at <= %(now)s
 GROUP BY u.subject ORDER BY min(u.due_at) LIMIT %(limit)s

-- name: undelivered_of
-- What is undelivered of a subject, in order.
SELECT u.event_id, u.tries, u.parked_at IS NOT NULL, e.at, e.kind, e.version, e.booking_ids IS NOT NULL, e.body
  FROM events.undelivered u
  JOIN events.event e ON e.id = u.event_id
 WHERE u.subscriber = %(name)s AND u.subject = %(subject)s
 ORDER BY u.event_id
 LIMIT %(limit)s

-- name: delivered
-- These were handled at last.
DELETE FROM events.undelivered
 WHERE subscriber = %(name)s AND subject = %(subject)s AND event_id = ANY (%(ids)s::bigint[])

-- name: nobody_due
-- Until it is said anew which event of the subject is tried next, and when.
UPDATE events.undelivered SET due_at = NULL
 WHERE subscriber = %(name)s AND subject = %(subject)s AND due_at IS NOT NULL

-- name: try_again
-- The first that is left of a subject: when it is tried again, or that it is parked.
UPDATE events.undelivered
   SET tries = %(tries)s, due_at = %(due_at)s, parked_at = %(parked_at)s, error = %(error)s
 WHERE subscriber = %(name)s AND subject = %(subject)s AND event_id = %(event_id)s

-- name: due_now
-- A subject of which more is undelivered than a step takes.
UPDATE events.undelivered SET due_at = %(now)s
 WHERE subscriber = %(name)s AND subject = %(subject)s
   AND event_id = (SELECT min(u.event_id) FROM events.undelivered u WHERE u.subscriber = %(name)s AND u.subject = %(subject)s)
