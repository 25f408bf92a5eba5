-- name: next_windows
-- The next days of venues after (venue, day) that have slots from a day on, in the order of the index.
SELECT DISTINCT s.venue_id, s.on_date
  FROM booking.slot_v s
 WHERE (s.venue_id, s.on_date) > (%(venue)s::bigint, %(day)s::date) AND s.on_date >= %(from_day)s::date
 ORDER BY s.venue_id, s.on_date
 LIMIT %(limit)s

-- name: window
-- Everything that is wrong with the pools, lines and places of these days of venues (pairs by position), in words: I1, I2, I4.
-- A no-show keeps its places: it counts as sold. One statement, one snapshot: a booking is seen whole or not at all.
WITH w AS MATERIALIZED (
    SELECT t.venue_id, t.on_date FROM unnest(%(venues)s::bigint[], %(days)s::date[]) AS t (venue_id, on_date)),
slots AS MATERIALIZED (
    SELECT s.id, s.pool_ids FROM w JOIN booking.slot_v s ON s.venue_id = w.venue_id AND s.on_date = w.on_date),
live AS MATERIALIZED (
    SELECT l.booking_id, l.line_no, l.venue_id, l.slot_id, l.on_date, l.quantity, l.pool_ids, b.state
      FROM slots s
      JOIN booking.line_v l ON l.slot_id = s.id AND l.is_live
      LEFT JOIN booking.booking_v b ON b.id = l.booking_id),
drawn AS (
    SELECT d.pool_id, sum(live.quantity) FILTER (WHERE live.state = 1) AS held,
           sum(live.quantity) FILTER (WHERE live.state IN (2, 5)) AS sold
      FROM live CROSS JOIN LATERAL unnest(live.pool_ids) AS d (pool_id)
     GROUP BY d.pool_id),
pools AS (
    SELECT p.id, p.kind, p.capacity, p.held, p.sold, coalesce(drawn.held, 0) AS lines_held, coalesce(drawn.sold, 0) AS lines_sold
      FROM w JOIN booking.pool_v p ON p.venue_id = w.venue_id AND p.on_date = w.on_date
      LEFT JOIN drawn ON drawn.pool_id = p.id),
places AS MATERIALIZED (
    SELECT p.person_key, p.scope, p.on_date, live.booking_id
      FROM live JOIN booking.place_v p ON p.booking_id = live.booking_id AND p.line_no = live.line_no AND p.is_live),
broken (says) AS (
    SELECT format('I2 pool %%s (%%s) counts %%s held and %%s sold, its lines %%s and %%s', id, kind, held, sold, lines_held, lines_sold)
      FROM pools WHERE held <> lines_held OR sold <> lines_sold
    UNION ALL
    SELECT format('I2 pool %%s (%%s) has %%s places and gave %%s', id, kind, capacity, greatest(held + sold, lines_held + lines_sold))
      FROM pools WHERE greatest(held + sold, lines_held + lines_sold) > capacity
    UNION ALL
    SELECT format('I1 line %%s of booking %%s has no booking', line_no, booking_id) FROM live WHERE state IS NULL
    UNION ALL
    SELECT format('I1 line %%s of booking %%s is live in state %%s', line_no, booking_id, state) FROM live WHERE state IN (3, 4)
    UNION ALL
    SELECT format('I2 line %%s of booking %%s draws not from every pool of its slot', live.line_no, live.booking_id)
      FROM live JOIN slots ON slots.id = live.slot_id WHERE NOT live.pool_ids @> slots.pool_ids
    UNION ALL
    SELECT format('I4 one person has %%s places in scope %%s on %%s', count(*), scope, on_date)
      FROM places GROUP BY person_key, scope, on_date HAVING count(*) > 1
    UNION ALL
    SELECT format('I4 a place of booking %%s stands for another day or session', booking_id)
      FROM (SELECT live.booking_id
              FROM live JOIN booking.place_v p ON p.booking_id = live.booking_id AND p.line_no = live.line_no AND p.is_live
             WHERE p.on_date <> live.on_date OR p.scope NOT IN (live.venue_id, -live.slot_id)) AS wrong
    UNION ALL
    SELECT format('I4 a place of booking %%s is kept and its line %%s was given back', p.booking_id, p.line_no)
      FROM slots
      JOIN booking.line_v l ON l.slot_id = slots.id AND NOT l.is_live
      JOIN booking.place_v p ON p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.is_live)
SELECT (SELECT count(*) FROM pools) + (SELECT count(*) FROM live), (SELECT count(*) FROM broken),
       array(SELECT b.says FROM broken b ORDER BY b.says LIMIT 10)

-- name: bookings
-- Bookings after an id: those that keep places have live lines, and the others have none (I1).
WITH page AS MATERIALIZED (
    SELECT b.id, b.state FROM booking.booking_v b WHERE b.id > %(after)s::uuid ORDER BY b.id LIMIT %(limit)s),
counted AS (
    SELECT page.id, page.state, count(l.booking_id) FILTER (WHERE l.is_live) AS live
      FROM page LEFT JOIN booking.line_v l ON l.booking_id = page.id
     GROUP BY page.id, page.state),
broken (says) AS (
    SELECT format('I1 booking %%s in state %%s has %%s live lines', id, state, live)
      FROM counted WHERE (state IN (1, 2, 5)) <> (live > 0))
SELECT (SELECT count(*) FROM page), (SELECT count(*) FROM broken),
       array(SELECT b.says FROM broken b ORDER BY b.says LIMIT 10),
       (SELECT p.id::text FROM page p ORDER BY p.id DESC LIMIT 1)

-- name: entitlements
-- Entitlements of the cards after an id: not overdrawn, and used as often as live lines say (I5).
WITH page AS MATERIALIZED (
    SELECT e.card_id, e.no, e.granted, e.used
      FROM cards.entitlement_v e
     WHERE e.card_id IN (SELECT DISTINCT c.card_id FROM cards.entitlement_v c
                          WHERE c.card_id > %(after)s ORDER BY c.card_id LIMIT %(limit)s)),
counted AS (
    SELECT page.card_id, page.no, page.granted, page.used, coalesce(l.used, 0) AS lines_used
      FROM page LEFT JOIN LATERAL (
           SELECT sum(v.quantity) AS used FROM booking.line_v v
            WHERE v.card_id = page.card_id AND v.entitlement_no = page.no AND v.is_live) AS l ON true),
broken (says) AS (
    SELECT format('I5 entitlement %%s of card %%s: used %%s of %%s, its lines use %%s', no, card_id, used, coalesce(granted::text, 'any'), lines_used)
      FROM counted WHERE used <> lines_used OR used < 0 OR used > granted)
SELECT (SELECT count(*) FROM page), (SELECT count(*) FROM broken),
       array(SELECT b.says FROM broken b ORDER BY b.says LIMIT 10),
       (SELECT max(p.card_id) FROM page p)

-- name: touched
-- Days of venues that bookings made in this range of ids touch: looked at at once.
SELECT l.venue_id, l.on_date
  FROM (SELECT b.id FROM booking.booking_v b WHERE b.id >= %(from_id)s::uuid AND b.id < %(to_id)s::uuid
         ORDER BY b.id DESC LIMIT %(bookings)s) AS b
  JOIN booking.line_v l ON l.booking_id = b.id
 GROUP BY l.venue_id, l.on_date
 ORDER BY l.on_date, l.venue_id
 LIMIT %(limit)s
