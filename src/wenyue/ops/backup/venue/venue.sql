-- name: venue_then
-- The venue in the restored copy.
SELECT id, coalesce(name ->> 'zh-CN', code) FROM catalogue.venue WHERE code = %(code)s

-- name: venue_now
-- Who has this id or this code in the living database.
SELECT id, code FROM catalogue.venue WHERE id = %(venue)s OR code = %(code)s

-- name: columns
-- The columns of a table, in order; generated ones are nobody's to write.
SELECT a.attname::text
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 ORDER BY a.attnum

-- name: remade_pools
-- Pools that were made anew since, under another id: same venue, day, kind, product, hour and channel.
CREATE TEMP TABLE remade_pool ON COMMIT PRESERVE ROWS AS
SELECT p.id AS was, t.id AS is_now
  FROM past_pool p
  JOIN booking.pool t ON t.venue_id = p.venue_id AND t.on_date = p.on_date AND t.kind = p.kind
   AND t.product_id IS NOT DISTINCT FROM p.product_id AND t.starts_at IS NOT DISTINCT FROM p.starts_at
   AND t.channel IS NOT DISTINCT FROM p.channel
 WHERE t.id <> p.id

-- name: remade_slots
-- Sessions that were made anew since, under another id.
CREATE TEMP TABLE remade_slot ON COMMIT PRESERVE ROWS AS
SELECT p.id AS was, t.id AS is_now
  FROM past_slot p
  JOIN booking.slot t ON t.product_id = p.product_id AND t.on_date = p.on_date AND t.starts_at = p.starts_at
 WHERE t.id <> p.id

-- name: sessions_of
-- The sessions of these bookings, at whatever venue.
SELECT DISTINCT l.slot_id FROM booking.line l WHERE l.booking_id = ANY (%(ids)s::uuid[])

-- name: clashes
-- Ids and codes of the past that somebody else has now; and living bookings of sessions that were made anew beside them.
SELECT 'product ' || p.code FROM past_product p JOIN catalogue.product t ON t.venue_id = p.venue_id AND t.code = p.code
 WHERE t.id <> p.id
UNION ALL
SELECT 'product id ' || p.id FROM past_product p JOIN catalogue.product t ON t.id = p.id WHERE t.venue_id <> p.venue_id
UNION ALL
SELECT 'template id ' || p.id FROM past_calendar_template p JOIN catalogue.calendar_template t ON t.id = p.id
 WHERE t.product_id <> p.product_id
UNION ALL
SELECT 'picture ' || p.digest FROM past_picture p JOIN catalogue.picture t ON t.venue_id = p.venue_id AND t.digest = p.digest
 WHERE t.id <> p.id
UNION ALL
SELECT 'picture id ' || p.id FROM past_picture p JOIN catalogue.picture t ON t.id = p.id WHERE t.venue_id <> p.venue_id
UNION ALL
SELECT 'closure id ' || p.id FROM past_closure p JOIN catalogue.closure t ON t.id = p.id WHERE t.venue_id <> p.venue_id
UNION ALL
SELECT 'pool id ' || p.id FROM past_pool p JOIN booking.pool t ON t.id = p.id
 WHERE (t.venue_id, t.on_date, t.kind) <> (p.venue_id, p.on_date, p.kind)
UNION ALL
SELECT 'session id ' || p.id FROM past_slot p JOIN booking.slot t ON t.id = p.id
 WHERE (t.product_id, t.on_date, t.starts_at) <> (p.product_id, p.on_date, p.starts_at)
UNION ALL
SELECT 'living bookings of the lost session ' || r.was
  FROM remade_slot r
 WHERE EXISTS (SELECT FROM booking.line l WHERE l.slot_id = r.was AND l.is_live)
LIMIT 5

-- name: renumber_lines
-- Lines of the past draw from the pools and sessions that stand there now.
UPDATE past_line l
   SET slot_id = coalesce((SELECT r.is_now FROM remade_slot r WHERE r.was = l.slot_id), l.slot_id),
       pool_ids = (SELECT array_agg(coalesce(r.is_now, d.id) ORDER BY d.no)
                     FROM unnest(l.pool_ids) WITH ORDINALITY AS d (id, no) LEFT JOIN remade_pool r ON r.was = d.id)

-- name: renumber_places
-- … and so do the persons who have one place per session.
UPDATE past_place p SET scope = -r.is_now FROM remade_slot r WHERE p.scope = -r.was

-- name: renumber_slots
-- … and the sessions themselves.
UPDATE past_slot s
   SET pool_ids = (SELECT array_agg(coalesce(r.is_now, d.id) ORDER BY d.no)
                     FROM unnest(s.pool_ids) WITH ORDINALITY AS d (id, no) LEFT JOIN remade_pool r ON r.was = d.id),
       channel_pools = coalesce((SELECT jsonb_object_agg(c.key, coalesce(r.is_now, c.value::bigint))
                                   FROM jsonb_each_text(s.channel_pools) c LEFT JOIN remade_pool r ON r.was = c.value::bigint),
                                '{}'),
       id = coalesce((SELECT r.is_now FROM remade_slot r WHERE r.was = s.id), s.id)

-- name: renumber_pools
-- … and the pools.
UPDATE past_pool p SET id = r.is_now FROM remade_pool r WHERE r.was = p.id

-- name: wanted
-- Bookings of which something is missing at this venue, in the order in which they were booked.
CREATE TEMP TABLE wanted ON COMMIT PRESERVE ROWS AS
SELECT b.id, row_number() OVER (ORDER BY b.created_at, b.id) AS no
  FROM past_booking b
 WHERE NOT EXISTS (SELECT FROM booking.booking t WHERE t.id = b.id)
    OR EXISTS (SELECT FROM past_line p WHERE p.booking_id = b.id
                AND NOT EXISTS (SELECT FROM booking.line t WHERE t.booking_id = p.booking_id AND t.line_no = p.line_no))
    OR EXISTS (SELECT FROM past_place p WHERE p.booking_id = b.id
                AND NOT EXISTS (SELECT FROM booking.place t WHERE t.booking_id = p.booking_id AND t.line_no = p.line_no
                                 AND t.visitor_no = p.visitor_no))
    OR EXISTS (SELECT FROM past_redemption p WHERE p.booking_id = b.id
                AND NOT EXISTS (SELECT FROM booking.redemption t WHERE t.id = p.id)
                AND NOT EXISTS (SELECT FROM booking.redemption t WHERE t.booking_id = p.booking_id AND t.line_no = p.line_no
                                 AND t.visitor_no = p.visitor_no AND t.undone_at IS NULL AND p.undone_at IS NULL))

-- name: page
-- One batch of them.
SELECT id FROM wanted WHERE no > %(after)s ORDER BY no LIMIT %(limit)s

-- name: lock_bookings
-- Those that are there, locked in id order: bookings first, then cards, then pools, as the engine does.
SELECT id FROM booking.booking WHERE id = ANY (%(ids)s::uuid[]) ORDER BY id FOR UPDATE

-- name: lock_cards
-- The cards that pay for their lines.
SELECT c.id FROM cards.card c
 WHERE c.id IN (SELECT p.card_id FROM past_line p WHERE p.booking_id = ANY (%(ids)s::uuid[]))
 ORDER BY c.id FOR NO KEY UPDATE

-- name: lock_pools
-- The pools that their lines draw from, the last lock taken.
SELECT t.id FROM booking.pool t
 WHERE t.id IN (SELECT d.id FROM past_line p CROSS JOIN unnest(p.pool_ids) AS d (id) WHERE p.booking_id = ANY (%(ids)s::uuid[]))
 ORDER BY t.id FOR UPDATE

-- name: draws
-- Lines that do not count now and would count again: the line, or its booking, is missing.
SELECT p.booking_id, p.pool_ids, p.quantity, p.card_id, p.entitlement_no, t.booking_id IS NULL AS is_new
  FROM past_line p
  JOIN past_booking b ON b.id = p.booking_id
  LEFT JOIN booking.booking n ON n.id = p.booking_id
  LEFT JOIN booking.line t ON t.booking_id = p.booking_id AND t.line_no = p.line_no
 WHERE p.booking_id = ANY (%(ids)s::uuid[]) AND p.is_live AND coalesce(n.state, b.state) IN (1, 2, 5)
   AND (t.booking_id IS NULL OR (n.id IS NULL AND t.is_live))

-- name: persons
-- Named places that are missing and would be live.
SELECT p.booking_id, p.person_key, p.on_date, p.scope,
       EXISTS (SELECT FROM booking.place t WHERE t.person_key = p.person_key AND t.on_date = p.on_date AND t.scope = p.scope
                AND t.is_live) AS is_taken
  FROM past_place p
  JOIN past_booking b ON b.id = p.booking_id
  JOIN past_line pl ON pl.booking_id = p.booking_id AND pl.line_no = p.line_no
  LEFT JOIN booking.booking n ON n.id = p.booking_id
  LEFT JOIN booking.line l ON l.booking_id = p.booking_id AND l.line_no = p.line_no
  LEFT JOIN booking.place t ON t.booking_id = p.booking_id AND t.line_no = p.line_no AND t.visitor_no = p.visitor_no
 WHERE p.booking_id = ANY (%(ids)s::uuid[]) AND p.is_live AND t.booking_id IS NULL
   AND coalesce(l.is_live, pl.is_live) AND coalesce(n.state, b.state) IN (1, 2, 5)

-- name: pools_left
-- Places left in each pool of the venue, counted from its bookings; a pool that is missing counts as it was. With
-- `settings_too` the capacity of the past counts, unless more is taken by now.
SELECT coalesce(t.id, p.id),
       CASE WHEN %(settings_too)s AND p.capacity >= coalesce(d.taken, 0) THEN p.capacity
            ELSE coalesce(t.capacity, p.capacity) END - coalesce(d.taken, 0)
  FROM past_pool p
  FULL JOIN (SELECT id, capacity FROM booking.pool WHERE venue_id = %(venue)s) t ON t.id = p.id
  LEFT JOIN (SELECT u.id, sum(l.quantity)::bigint AS taken
               FROM booking.slot s
               JOIN booking.line l ON l.slot_id = s.id AND l.is_live
               JOIN booking.booking b ON b.id = l.booking_id AND b.state IN (1, 2, 5)
              CROSS JOIN unnest(l.pool_ids) AS u (id)
              WHERE s.venue_id = %(venue)s
              GROUP BY u.id) d ON d.id = coalesce(t.id, p.id)

-- name: cards_left
-- Entries left of each entitlement that the venue's lines of the past drew on, counted from all living lines of the card.
SELECT e.card_id, e.no, e.granted - coalesce(s.spent, 0)
  FROM cards.entitlement e
  LEFT JOIN LATERAL (SELECT sum(l.quantity)::bigint AS spent FROM booking.line l
                      WHERE l.card_id = e.card_id AND l.entitlement_no = e.no AND l.is_live) s ON true
 WHERE (e.card_id, e.no) IN (SELECT p.card_id, p.entitlement_no FROM past_line p
                              WHERE p.card_id IS NOT NULL AND p.booking_id = ANY (%(ids)s::uuid[]))

-- name: drawn
-- For the WITH of the two statements that follow: what the venue's bookings draw of each pool.
drawn AS (
        SELECT u.id, coalesce(sum(l.quantity) FILTER (WHERE b.state = 1), 0)::integer AS held,
               coalesce(sum(l.quantity) FILTER (WHERE b.state IN (2, 5)), 0)::integer AS sold
        FROM booking.slot s
          JOIN booking.line l ON l.slot_id = s.id AND l.is_live
          JOIN booking.booking b ON b.id = l.booking_id AND b.state IN (1, 2, 5)
         CROSS JOIN unnest(l.pool_ids) AS u (id)
         WHERE s.venue_id = %(venue)s
         GROUP BY u.id)

-- name: set_pools
-- The venue's counters, from its bookings; the caller holds the locks of these. Never more than the capacity. Until the last
-- booking is back they only rise (`exact` false): what is still to come back must not be sold in between.
WITH {drawn}
UPDATE booking.pool t
   SET held = coalesce(d.held, 0), sold = coalesce(d.sold, 0)
  FROM booking.pool p LEFT JOIN drawn d ON d.id = p.id
 WHERE p.id = t.id AND t.id = ANY (%(ids)s::bigint[]) AND (t.held, t.sold) <> (coalesce(d.held, 0), coalesce(d.sold, 0))
   AND coalesce(d.held, 0) + coalesce(d.sold, 0) <= t.capacity
   AND (%(exact)s OR coalesce(d.held, 0) + coalesce(d.sold, 0) > t.held + t.sold)

-- name: pools_that_differ
-- Pools of the venue whose counters are not those of their bookings; and whether their bookings fit.
WITH {drawn}
SELECT p.id, coalesce(d.held, 0) + coalesce(d.sold, 0) <= p.capacity
  FROM booking.pool p LEFT JOIN drawn d ON d.id = p.id
 WHERE p.venue_id = %(venue)s AND (p.held, p.sold) <> (coalesce(d.held, 0), coalesce(d.sold, 0))
 ORDER BY p.id

-- name: lock_those_pools
-- Their locks, in id order.
SELECT id FROM booking.pool WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id FOR UPDATE

-- name: cards_that_differ
-- Cards that paid at this venue and whose use is not what their living lines use.
SELECT DISTINCT e.card_id
  FROM cards.entitlement e
  LEFT JOIN LATERAL (SELECT sum(l.quantity)::bigint AS spent FROM booking.line l
                      WHERE l.card_id = e.card_id AND l.entitlement_no = e.no AND l.is_live) s ON true
 WHERE (e.card_id, e.no) IN (SELECT p.card_id, p.entitlement_no FROM past_line p WHERE p.card_id IS NOT NULL)
   AND e.used <> coalesce(s.spent, 0) AND (e.granted IS NULL OR coalesce(s.spent, 0) <= e.granted)
 ORDER BY e.card_id

-- name: lock_those_cards
-- Their locks, in id order.
SELECT id FROM cards.card WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: set_cards
-- What locked cards have used, from all their living lines; only entitlements that this venue's lines drew on. Until the last
-- booking is back it only rises.
UPDATE cards.entitlement e
   SET used = s.spent
  FROM (SELECT w.card_id, w.no,
               (SELECT coalesce(sum(l.quantity), 0)::integer FROM booking.line l
                 WHERE l.card_id = w.card_id AND l.entitlement_no = w.no AND l.is_live) AS spent
          FROM (SELECT DISTINCT p.card_id, p.entitlement_no AS no FROM past_line p
                 WHERE p.card_id = ANY (%(ids)s::bigint[])) w) s
 WHERE s.card_id = e.card_id AND s.no = e.no AND e.used <> s.spent AND (e.granted IS NULL OR s.spent <= e.granted)
   AND (%(exact)s OR s.spent > e.used)

-- name: orphans
-- Live lines of the venue whose booking neither the database nor the backup has.
SELECT count(*)
  FROM booking.slot s
  JOIN booking.line l ON l.slot_id = s.id AND l.is_live
 WHERE s.venue_id = %(venue)s
   AND NOT EXISTS (SELECT FROM booking.booking b WHERE b.id = l.booking_id)
   AND NOT EXISTS (SELECT FROM past_booking b WHERE b.id = l.booking_id)

-- name: elsewhere
-- Other venues at which returning bookings miss lines too.
SELECT DISTINCT e.code
  FROM past_elsewhere e JOIN wanted w ON w.id = e.booking_id
 WHERE NOT EXISTS (SELECT FROM booking.line t WHERE t.booking_id = e.booking_id AND t.line_no = e.line_no)
 ORDER BY e.code
 LIMIT 100

-- name: make_elsewhere
-- Lines of the venue's bookings at other venues: they are not brought back, but told.
CREATE TEMP TABLE past_elsewhere (code text, booking_id uuid, line_no smallint)

-- name: copy_elsewhere
-- … as the copy has them.
COPY (SELECT v.code, l.booking_id, l.line_no FROM booking.line l JOIN catalogue.venue v ON v.id = l.venue_id
       WHERE l.venue_id <> %(venue)s
         AND l.booking_id IN (SELECT o.booking_id FROM booking.line o WHERE o.venue_id = %(venue)s)) TO STDOUT

-- name: move_sequence
-- No number of the past is given out again.
SELECT setval(s.name, m.top)
  FROM (SELECT pg_get_serial_sequence(%(table)s, 'id') AS name) s, (SELECT max(id) AS top FROM {past}) m
 WHERE m.top > coalesce(pg_sequence_last_value(s.name::regclass), 0)

-- name: lowered_pools
-- Capacities that cannot go back, because more is taken by now.
SELECT p.on_date::text, p.kind, p.capacity, t.held + t.sold
  FROM past_pool p JOIN booking.pool t ON t.id = p.id
 WHERE p.capacity <> t.capacity AND p.capacity < t.held + t.sold
 ORDER BY p.id
 LIMIT 20

-- name: return_pools
-- Pools that are missing, with the places that they had given: counted exactly when all bookings are back. Their revision tells
-- every cache that they are new.
INSERT INTO booking.pool ({columns})
SELECT {values} FROM past_pool p WHERE NOT EXISTS (SELECT FROM booking.pool t WHERE t.id = p.id)

-- name: return_lines
-- Missing lines; live if they were and their booking is.
INSERT INTO booking.line ({columns})
SELECT {values}
  FROM past_line p JOIN booking.booking b ON b.id = p.booking_id
 WHERE p.booking_id = ANY (%(ids)s::uuid[])
   AND NOT EXISTS (SELECT FROM booking.line t WHERE t.booking_id = p.booking_id AND t.line_no = p.line_no)

-- name: return_places
-- Missing places; live if they were and their line is.
INSERT INTO booking.place ({columns})
SELECT {values}
  FROM past_place p JOIN booking.line l ON l.booking_id = p.booking_id AND l.line_no = p.line_no
 WHERE p.booking_id = ANY (%(ids)s::uuid[])
   AND NOT EXISTS (SELECT FROM booking.place t WHERE t.booking_id = p.booking_id AND t.line_no = p.line_no
                    AND t.visitor_no = p.visitor_no)

-- name: tell_caches
-- The pools of sessions whose facts were put back: every process reads them again.
UPDATE booking.pool SET revision = revision + 1 WHERE id = ANY (%(ids)s::bigint[])

-- name: own_pools
-- The sessions' own pools of the venue, locked in id order.
SELECT id FROM booking.pool WHERE venue_id = %(venue)s ORDER BY id FOR UPDATE
