-- name: lock_keeper
-- One keeper takes back one admission at a time, so that counts hold.
SELECT pg_advisory_xact_lock(hashtextextended('gate.undo', %(staff_id)s::bigint))

-- name: lock_for_undo
-- A scan that somebody wants to take back.
SELECT s.venue_id, s.gate, s.verdict, s.at, s.booking_id, s.line_no, s.visitor_no, s.answer ->> 'timezone' AS timezone,
       u.at AS undone_at
  FROM gate.scan s
  LEFT JOIN gate.undo u ON u.scan_id = s.id
 WHERE s.id = %(id)s
   FOR UPDATE OF s

-- name: undone_before
-- How often this place was taken back, and how much this keeper has taken back since then.
SELECT (SELECT count(*)
          FROM gate.scan s
          JOIN gate.undo u ON u.scan_id = s.id
         WHERE s.booking_id = %(booking_id)s AND s.line_no = %(line_no)s AND s.visitor_no = %(visitor_no)s) AS of_place,
       (SELECT count(*)
          FROM gate.undo u
         WHERE u.staff_id IS NOT DISTINCT FROM %(staff_id)s AND u.at >= %(since)s) AS of_keeper

-- name: add_undo
-- Write down that it was taken back, by whom, why, and who confirmed it.
INSERT INTO gate.undo (scan_id, at, staff_id, reason, second_staff_id)
VALUES (%(scan_id)s, %(at)s, %(staff_id)s, %(reason)s, %(second_staff_id)s)

-- name: add_refused
-- Write down, once, that a keeper was refused for want of a second person.
INSERT INTO gate.undo_refused (scan_id, staff_id, at)
VALUES (%(scan_id)s, %(staff_id)s, %(at)s)
ON CONFLICT DO NOTHING
