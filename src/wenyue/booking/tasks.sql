-- name: anything_due
-- Whether notes wait, and whether a hold is past its time: two looks at the ends of two indexes.
SELECT EXISTS (SELECT FROM booking.outbox WHERE done_at IS NULL AND kind = ANY (%(kinds)s::smallint[])),
       EXISTS (SELECT FROM booking.booking WHERE hold_until <= %(now)s)

-- name: note_of_earlier_version
-- What web processes of the version before this one write, while they still run beside it: so long they keep the right to it.
INSERT INTO booking.outbox (kind, booking_ids, at) VALUES (%(kind)s, %(ids)s, %(at)s)

-- name: take_notes
-- Waiting notes of an earlier version, oldest first; those that another worker holds are its own.
SELECT id, kind, booking_ids, at
  FROM booking.outbox
 WHERE done_at IS NULL AND kind = ANY (%(kinds)s::smallint[])
 ORDER BY id
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED

-- name: notes_done
-- What became events in this transaction.
UPDATE booking.outbox SET done_at = %(now)s WHERE id = ANY (%(ids)s::bigint[])

-- name: drop_notes
-- Notes that became events long ago.
DELETE FROM booking.outbox
 WHERE id IN (SELECT id FROM booking.outbox WHERE done_at < %(before)s ORDER BY id LIMIT %(limit)s)

-- name: over_slots
-- Sessions over for good, oldest first: the venue's day has passed, and so has what its preset allows for coming late.
-- As many as have the given number of places sold, but one at least.
SELECT o.id
  FROM (SELECT d.id, sum(d.sold) OVER (ORDER BY d.ends_at, d.id) - d.sold AS sold_before
          FROM (SELECT s.id, s.ends_at, p.sold
                  FROM booking.slot s
                  JOIN booking.pool p ON p.id = s.pool_ids[1]
                  JOIN catalogue.bookable_v c ON c.product_id = s.product_id
                 WHERE s.settled_at IS NULL
                   AND s.ends_at <= %(now)s::timestamptz - make_interval(secs => %(grace_s)s)
                   AND greatest(s.ends_at + make_interval(secs =>
                                    coalesce((%(late_s)s::json ->> c.policy_code)::int, %(default_late_s)s)),
                                (s.on_date + 1)::timestamp AT TIME ZONE c.timezone)
                       <= %(now)s::timestamptz - make_interval(secs => %(grace_s)s)
                 ORDER BY s.ends_at, s.id
                 LIMIT %(limit)s) AS d) AS o
 WHERE o.sold_before < %(places)s

-- name: nobody_came
-- Confirmed bookings of these sessions that nobody of them came to: their lines that a gate waited for in vain (see booking.missing),
-- and bookings that end with a closed session after missed ones. Not among them: imported ones. Rooms and tables are their
-- houses' to say and spare no other line. Written so that every booking is looked up by its key, whatever the statistics say.
WITH mine AS MATERIALIZED (
    SELECT DISTINCT l.booking_id
      FROM booking.line l
     WHERE l.slot_id = ANY (%(slots)s::bigint[]) AND l.is_live)
SELECT m.booking_id, whole.slots
  FROM mine m
 CROSS JOIN LATERAL (SELECT b.id FROM booking.booking b
                      WHERE b.id = m.booking_id AND b.state = %(confirmed)s AND b.source IS NULL
                      LIMIT 1) AS confirmed
 CROSS JOIN LATERAL (SELECT array_agg(DISTINCT d.slot_id) FILTER (WHERE d.is_of_run) AS slots,
                            bool_or(d.is_of_run AND d.is_open AND d.is_gated AND NOT d.is_missed AND d.came = 0) AS is_any_due,
                            bool_or(d.is_missed)
                            AND bool_and(d.is_missed OR d.is_over AND NOT d.is_open AND d.is_gated)
                            AND bool_and(d.came = 0) AS is_at_end
                       FROM (SELECT o.slot_id, o.missed_at IS NOT NULL AS is_missed, s.is_open,
                                    c.product_kind NOT IN ('night', 'table') AS is_gated,
                                    o.slot_id = ANY (%(slots)s::bigint[]) AS is_of_run,
                                    s.settled_at IS NOT NULL OR o.slot_id = ANY (%(slots)s::bigint[]) AS is_over,
                                    (SELECT count(*)
                                       FROM booking.redemption r
                                       JOIN booking.line t ON t.booking_id = r.booking_id AND t.line_no = r.line_no
                                      WHERE r.booking_id = o.booking_id AND t.slot_id = o.slot_id
                                        AND r.undone_at IS NULL) AS came
                               FROM booking.line o
                               JOIN booking.slot s ON s.id = o.slot_id
                               JOIN catalogue.bookable_v c ON c.product_id = o.product_id
                              WHERE o.booking_id = m.booking_id AND o.is_live) AS d) AS whole
 WHERE whole.is_any_due OR whole.is_at_end
 ORDER BY m.booking_id
 LIMIT %(limit)s

-- name: settle_slots
-- These sessions need not be looked at again.
UPDATE booking.slot SET settled_at = %(now)s WHERE id = ANY (%(slots)s::bigint[])
