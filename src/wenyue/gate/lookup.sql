-- name: lock_keeper
-- One look-up of a keeper at a time, so that counts hold.
SELECT pg_advisory_xact_lock(hashtextextended('gate.lookup', %(staff_id)s::bigint))

-- name: lookups_before
-- How often this keeper has looked somebody up within a minute and within a day; or (is_scan) presented a number that led to nothing.
SELECT count(*) FILTER (WHERE l.at > %(now)s::timestamptz - interval '1 minute') AS in_minute, count(*) AS in_day
  FROM gate.lookup l
 WHERE l.staff_id = %(staff_id)s AND (l.kind = 'scan') = %(is_scan)s AND l.at > %(now)s::timestamptz - interval '1 day'

-- name: bookings_of_term
-- Bookings of this venue on near days that have the term, the nearest day first.
SELECT t.booking_id
  FROM gate.term t
 WHERE t.term = %(term)s AND t.venue_id = %(venue_id)s
   AND t.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date
 GROUP BY t.booking_id
 ORDER BY min(abs(t.on_date - %(today)s::date)), t.booking_id
 LIMIT %(limit)s

-- name: add_lookup
-- Write a look-up down.
INSERT INTO gate.lookup (at, staff_id, venue_id, kind, term, found)
VALUES (%(now)s, %(staff_id)s, %(venue_id)s, %(kind)s, %(term)s, %(found)s)

-- name: add_terms
-- What near bookings are found by; what is there already stays.
INSERT INTO gate.term (term, venue_id, on_date, booking_id)
SELECT t.term, t.venue_id, t.on_date, t.booking_id
  FROM unnest(%(terms)s::bytea[], %(venues)s::bigint[], %(days)s::date[], %(bookings)s::uuid[])
       AS t (term, venue_id, on_date, booking_id)
ON CONFLICT DO NOTHING

-- name: drop_terms
-- What is gone by.
DELETE FROM gate.term
 WHERE (term, venue_id, on_date, booking_id) IN (
       SELECT t.term, t.venue_id, t.on_date, t.booking_id FROM gate.term t
        WHERE t.on_date < %(before)s::date LIMIT %(limit)s)

-- name: drop_gone_through
-- Sessions gone by need no mark.
DELETE FROM gate.gone_through WHERE on_date < %(before)s::date

-- name: nothing_to_go_through
-- Near sessions that nobody has booked yet: whoever books them from now on is written by the event.
INSERT INTO gate.gone_through (slot_id, on_date, done_at)
SELECT s.id, s.on_date, %(now)s
  FROM booking.slot_v s
 WHERE s.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date
   AND NOT EXISTS (SELECT FROM gate.gone_through g WHERE g.slot_id = s.id)
   AND NOT EXISTS (SELECT FROM booking.line_v l WHERE l.slot_id = s.id)
ON CONFLICT DO NOTHING

-- name: next_sessions
-- Near sessions whose bookings are not gone through, today's first.
SELECT s.id, s.on_date, g.after
  FROM booking.slot_v s
  LEFT JOIN gate.gone_through g ON g.slot_id = s.id
 WHERE s.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date AND g.done_at IS NULL
 ORDER BY abs(s.on_date - %(today)s::date), s.id
 LIMIT %(limit)s

-- name: bookings_of_session
-- Its next bookings.
SELECT DISTINCT l.booking_id
  FROM booking.line_v l
 WHERE l.slot_id = %(slot_id)s AND (%(after)s::uuid IS NULL OR l.booking_id > %(after)s::uuid)
 ORDER BY l.booking_id
 LIMIT %(limit)s

-- name: note_gone_through
-- How far a session is gone through.
INSERT INTO gate.gone_through (slot_id, on_date, after, done_at)
VALUES (%(slot_id)s, %(on_date)s, %(after)s, %(done_at)s)
ON CONFLICT (slot_id) DO UPDATE SET after = excluded.after, done_at = excluded.done_at

-- name: go_through_again
-- Sessions that were written to without an event.
DELETE FROM gate.gone_through WHERE slot_id = ANY (%(slots)s::bigint[])
