-- name: empty
-- A fresh fixtures in the same database; the simulator's own, never an installation's.
TRUNCATE catalogue.venue, catalogue.product, cards.card, cards.card_type, cards.companion, cards.entitlement,
  cards.dead_number, cards.extension, accounts.traveller, accounts.visitor, accounts.login, booking.pool, booking.slot,
  booking.booking, booking.line, booking.place, booking.redemption, booking.outbox, events.event, events.subscriber, audit.entry,
  booking.moved, policy.strike, policy.ban, waiting_room.room, waiting_room.load_signal
  RESTART IDENTITY CASCADE

-- name: slot
-- What the calendar says about a slot, for the naive model.
SELECT product_id, venue_id, on_date, starts_at, release_at, closes_at, price_minor, pool_ids, channel_pools
  FROM booking.slot
 WHERE id = %(id)s

-- name: freeze
-- The holder reports a card lost (4), or it is in use again (3).
UPDATE cards.card SET state = %(state)s WHERE id = %(id)s

-- name: is_blocked
-- Whether a connection waits for another one's lock.
SELECT cardinality(pg_blocking_pids(%(pid)s)) > 0

-- name: inspect
-- Every broken invariant, in words, and the whole state for comparison with the model: one round trip.
WITH {standing},
present AS (
    SELECT p.booking_id, p.line_no, p.person_key, p.on_date, p.scope
      FROM booking.place p
     WHERE p.is_live),
violations (says) AS (
    SELECT format('%%s %%s', broken.invariant, broken.says) FROM broken
    UNION ALL
    SELECT format('I1 %%s rows of booking %%s', count(*), b.id) FROM booking.booking b GROUP BY b.id HAVING count(*) > 1
    UNION ALL
    SELECT format('I2 line %%s of %%s does not draw from every pool of its slot', live.line_no, live.booking_id)
      FROM live JOIN booking.slot s ON s.id = live.slot_id
     WHERE NOT live.pool_ids @> s.pool_ids
        OR (s.channel_pools <> jsonb_build_object()) <> (cardinality(live.pool_ids) > cardinality(s.pool_ids))
    UNION ALL
    SELECT format('I4 a place of line %%s of %%s stands for another day, session or a line given back', present.line_no,
                  present.booking_id)
      FROM present LEFT JOIN live ON live.booking_id = present.booking_id AND live.line_no = present.line_no
      LEFT JOIN catalogue.product c ON c.id = live.product_id
     WHERE live.slot_id IS NULL OR present.on_date <> live.on_date
        OR present.scope <> CASE c.person_rule WHEN 'venue_day' THEN live.venue_id ELSE -live.slot_id END
    UNION ALL
    SELECT format('I4 line %%s of %%s has %%s places and %%s persons', live.line_no, live.booking_id, live.quantity,
                  count(present.person_key))
      FROM live JOIN catalogue.product c ON c.id = live.product_id AND c.needs_visitors
      LEFT JOIN present ON present.booking_id = live.booking_id AND present.line_no = live.line_no
     GROUP BY live.booking_id, live.line_no, live.quantity
    HAVING count(present.person_key) <> live.quantity
    UNION ALL
    SELECT format('I1 redeemed place of %%s is not live or not confirmed', r.booking_id)
      FROM booking.redemption r LEFT JOIN live ON live.booking_id = r.booking_id AND live.line_no = r.line_no
     WHERE r.undone_at IS NULL AND live.state IS DISTINCT FROM 2
    UNION ALL
    SELECT format('I1 booking %%s was never told to the worker', b.id)
      FROM booking.booking b
     WHERE NOT EXISTS (SELECT FROM events.event o WHERE b.id = ANY (o.booking_ids)))
SELECT (SELECT coalesce(json_agg(v.says ORDER BY v.says), '[]') FROM violations v)::text,
       (SELECT coalesce(json_agg(json_build_array(p.id, p.capacity, p.held, p.sold, p.target)), '[]') FROM booking.pool p)::text,
       (SELECT coalesce(json_agg(json_build_array(b.id, b.state, b.total_minor)), '[]') FROM booking.booking b)::text,
       (SELECT coalesce(json_agg(json_build_array(live.booking_id, live.line_no, live.slot_id, live.quantity)), '[]')
          FROM live)::text,
       (SELECT coalesce(json_agg(json_build_array(e.card_id, e.used)), '[]') FROM cards.entitlement e)::text
