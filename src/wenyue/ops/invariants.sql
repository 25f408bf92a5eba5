-- name: standing
-- The standing invariants over stored rows, for the WITH of a statement that looks at a whole database: what is `live`, what that has
-- `drawn` of every pool and `spent` of every entitlement, and what is `broken`: counters equal bookings (a no-show keeps its places),
-- nothing oversold, lines and states agree, one person one place.
live AS (
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
broken (invariant, says) AS (
    SELECT 'I1', format('booking %%s is kept in state %%s and has %%s live lines', b.id, b.state, count(live.line_no))
      FROM booking.booking b LEFT JOIN live ON live.booking_id = b.id
     GROUP BY b.id, b.state
    HAVING (b.state IN (1, 2, 5)) <> (count(live.line_no) > 0)
    UNION ALL
    SELECT 'I1', format('line %%s of %%s has no booking', live.line_no, live.booking_id) FROM live WHERE live.state IS NULL
    UNION ALL
    SELECT 'I2', format('pool %%s (%%s) counts %%s held and %%s sold, its bookings %%s and %%s', p.id, p.kind, p.held, p.sold,
                        coalesce(drawn.held, 0), coalesce(drawn.sold, 0))
      FROM booking.pool p LEFT JOIN drawn ON drawn.pool_id = p.id
     WHERE (p.held, p.sold) IS DISTINCT FROM (coalesce(drawn.held, 0)::integer, coalesce(drawn.sold, 0)::integer)
    UNION ALL
    SELECT 'I2', format('pool %%s (%%s) has %%s places and gave %%s', p.id, p.kind, p.capacity,
                        greatest(p.held + p.sold, drawn.held + drawn.sold))
      FROM booking.pool p LEFT JOIN drawn ON drawn.pool_id = p.id
     WHERE greatest(p.held + p.sold, drawn.held + drawn.sold) > p.capacity
    UNION ALL
    SELECT 'I4', format('%%s places on %%s in scope %%s for one person', count(*), p.on_date, p.scope)
      FROM booking.place p
     WHERE p.is_live
     GROUP BY p.person_key, p.on_date, p.scope
    HAVING count(*) > 1
    UNION ALL
    SELECT 'I5', format('entitlement %%s of card %%s, %%s granted: %%s used, its bookings use %%s', e.no, e.card_id, e.granted,
                        e.used, coalesce(spent.used, 0))
      FROM cards.entitlement e LEFT JOIN spent ON spent.card_id = e.card_id AND spent.no = e.no
     WHERE e.used <> coalesce(spent.used, 0) OR e.used < 0 OR e.used > e.granted)

-- name: pools
-- Pools that hold more than they may, or other numbers than the live lines that draw from them.
SELECT p.id, p.capacity, p.held, p.sold, coalesce(l.places, 0)
FROM booking.pool p
LEFT JOIN (SELECT pool_id, sum(quantity) AS places
           FROM booking.line, unnest(pool_ids) AS pool_id WHERE is_live GROUP BY pool_id) l ON l.pool_id = p.id
WHERE p.held + p.sold > p.capacity OR p.held + p.sold <> coalesce(l.places, 0)

-- name: twice
-- Persons who have more than one live place in one scope on one day.
SELECT encode(person_key, 'hex'), scope, on_date, count(*)
FROM booking.place WHERE is_live GROUP BY person_key, scope, on_date HAVING count(*) > 1

-- name: entitlements
-- Card entitlements that were overdrawn, or whose use is not what the live lines took.
SELECT e.card_id, e.no, e.granted, e.used, coalesce(l.places, 0)
FROM cards.entitlement e
LEFT JOIN (SELECT card_id, entitlement_no, sum(quantity) AS places
           FROM booking.line WHERE is_live AND card_id IS NOT NULL GROUP BY card_id, entitlement_no) l
       ON l.card_id = e.card_id AND l.entitlement_no = e.no
WHERE e.used < 0 OR e.used > e.granted OR e.used <> coalesce(l.places, 0)
