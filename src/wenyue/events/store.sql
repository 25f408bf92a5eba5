-- name: append
-- One row for each event, or for one kind of events of many bookings.
INSERT INTO events.event (kind, version, booking_ids, subject, body, at)
SELECT r.kind, r.version, r.ids, r.subject, r.body, %(now)s
  FROM json_to_recordset(%(rows)s::json) AS r (kind text, version smallint, ids uuid[], subject text, body jsonb)

-- name: drop_handled
-- Old events that every subscriber is past, and that nobody is still to be told.
DELETE FROM events.event
 WHERE id IN (
    SELECT e.id FROM events.event e
     WHERE e.at < %(before)s
       AND NOT EXISTS (SELECT FROM events.undelivered u WHERE u.event_id = e.id)
       AND NOT EXISTS (
            SELECT FROM events.subscriber s
             WHERE NOT pg_visible_in_snapshot(e.xid, s.done)
               AND NOT (s.target IS NOT NULL AND e.id <= s.after_id AND pg_visible_in_snapshot(e.xid, s.target)))
     ORDER BY e.id
     LIMIT %(limit)s)

-- name: count_lost
-- Before `drop_late`: how many of the rows that it drops each subscriber has not come to, or has in its hands still.
WITH old AS (
    SELECT e.id, e.xid FROM events.event e WHERE e.at < %(before)s ORDER BY e.id LIMIT %(limit)s
), missed AS (
    SELECT s.name, count(*) AS rows
      FROM events.subscriber s
      JOIN old ON (NOT pg_visible_in_snapshot(old.xid, s.done)
                   AND NOT (s.target IS NOT NULL AND old.id <= s.after_id AND pg_visible_in_snapshot(old.xid, s.target)))
               OR EXISTS (SELECT FROM events.undelivered u WHERE u.subscriber = s.name AND u.event_id = old.id)
     GROUP BY s.name
), forgotten AS (
    DELETE FROM events.undelivered u USING old WHERE u.event_id = old.id
)
UPDATE events.subscriber s SET lost = s.lost + m.rows, lost_at = %(now)s FROM missed m WHERE m.name = s.name

-- name: drop_late
-- Events that are older than anything is kept.
DELETE FROM events.event
 WHERE id IN (SELECT e.id FROM events.event e WHERE e.at < %(before)s ORDER BY e.id LIMIT %(limit)s)

-- name: lags
-- How far each subscriber has come.
SELECT l.name, l.waiting, l.oldest_s, l.retried, l.parked, l.failures, l.error, l.moved_at, l.lost
  FROM events.lag_v l
 ORDER BY l.name
 LIMIT 100
