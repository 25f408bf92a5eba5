-- name: empty
-- A fresh world in the same database; the simulator's own, never an installation's.
TRUNCATE catalogue.venue, catalogue.product, cards.card, cards.card_type, cards.companion, cards.entitlement,
  cards.dead_number, cards.extension, accounts.traveller, accounts.visitor, accounts.login, booking.pool, booking.slot,
  booking.booking, booking.line, booking.place, booking.redemption, booking.outbox, audit.entry
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
WITH live AS (
    SELECT l.booking_id, l.line_no, l.slot_id, l.venue_id, l.product_id, l.on_date, l.quantity, l.pool_ids, l.card_id,
           l.entitlement_no, b.state, b.channel
      FROM booking.line l
      LEFT JOIN booking.booking b ON b.id = l.booking_id
     WHERE l.is_live),
drawn AS (
    SELECT d.pool_id, coalesce(sum(live.quantity) FILTER (WHERE live.state = 1), 0) AS held,
           coalesce(sum(live.quantity) FILTER (WHERE live.state IN (2, 5)), 0) AS sold
      FROM live CROSS JOIN LATERAL unnest(live.pool_ids) AS d (pool_id)
     GROUP BY d.pool_id),
spent AS (
    SELECT live.card_id, live.entitlement_no AS no, sum(live.quantity) AS used
      FROM live
     WHERE live.card_id IS NOT NULL
     GROUP BY live.card_id, live.entitlement_no),
present AS (
    SELECT p.booking_id, p.line_no, p.person_key, p.on_date, p.scope
      FROM booking.place p
     WHERE p.is_live),
violations (says) AS (
    SELECT format('I1 booking %%s is kept in state %%s and its live lines are %%s', b.id, b.state, count(live.line_no))
      FROM booking.booking b LEFT JOIN live ON live.booking_id = b.id
     GROUP BY b.id, b.state
    HAVING (b.state IN (1, 2, 5)) <> (count(live.line_no) > 0)
    UNION ALL
    SELECT format('I1 %%s rows of booking %%s', count(*), b.id) FROM booking.booking b GROUP BY b.id HAVING count(*) > 1
    UNION ALL
    SELECT format('I1 line %%s of %%s has no booking', live.line_no, live.booking_id) FROM live WHERE live.state IS NULL
    UNION ALL
    SELECT format('I2 pool %%s (%%s) counts %%s held and %%s sold, its bookings %%s and %%s', p.id, p.kind, p.held, p.sold,
                  coalesce(drawn.held, 0), coalesce(drawn.sold, 0))
      FROM booking.pool p LEFT JOIN drawn ON drawn.pool_id = p.id
     WHERE (p.held, p.sold) IS DISTINCT FROM (coalesce(drawn.held, 0)::integer, coalesce(drawn.sold, 0)::integer)
    UNION ALL
    SELECT format('I2 pool %%s (%%s) has %%s places and gave %%s', p.id, p.kind, p.capacity,
                  greatest(p.held + p.sold, drawn.held + drawn.sold))
      FROM booking.pool p LEFT JOIN drawn ON drawn.pool_id = p.id
     WHERE greatest(p.held + p.sold, drawn.held + drawn.sold) > p.capacity
    UNION ALL
    SELECT format('I2 line %%s of %%s does not draw from every pool of its slot', live.line_no, live.booking_id)
      FROM live JOIN booking.slot s ON s.id = live.slot_id
     WHERE NOT live.pool_ids @> s.pool_ids OR (s.channel_pools <> '{}') <> (cardinality(live.pool_ids) > cardinality(s.pool_ids))
    UNION ALL
    SELECT format('I4 %%s places on %%s in scope %%s for one person', count(*), present.on_date, present.scope)
      FROM present GROUP BY present.person_key, present.on_date, present.scope HAVING count(*) > 1
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
    SELECT format('I5 entitlement %%s of card %%s: %%s used of %%s, its bookings use %%s', e.no, e.card_id, e.used, e.granted,
                  coalesce(spent.used, 0))
      FROM cards.entitlement e LEFT JOIN spent ON spent.card_id = e.card_id AND spent.no = e.no
     WHERE e.used <> coalesce(spent.used, 0) OR e.used < 0 OR e.used > e.granted
    UNION ALL
    SELECT format('I1 redeemed place of %%s is not live or not confirmed', r.booking_id)
      FROM booking.redemption r LEFT JOIN live ON live.booking_id = r.booking_id AND live.line_no = r.line_no
     WHERE r.undone_at IS NULL AND live.state IS DISTINCT FROM 2
    UNION ALL
    SELECT format('I1 booking %%s was never told to the worker', b.id)
      FROM booking.booking b
     WHERE NOT EXISTS (SELECT FROM booking.outbox o WHERE b.id = ANY (o.booking_ids)))
SELECT (SELECT coalesce(json_agg(v.says ORDER BY v.says), '[]') FROM violations v)::text,
       (SELECT coalesce(json_agg(json_build_array(p.id, p.capacity, p.held, p.sold)), '[]') FROM booking.pool p)::text,
       (SELECT coalesce(json_agg(json_build_array(b.id, b.state, b.total_minor)), '[]') FROM booking.booking b)::text,
       (SELECT coalesce(json_agg(json_build_array(live.booking_id, live.line_no, live.slot_id, live.quantity)), '[]')
          FROM live)::text,
       (SELECT coalesce(json_agg(json_build_array(e.card_id, e.used)), '[]') FROM cards.entitlement e)::text
